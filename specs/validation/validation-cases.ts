import type { Patch } from '../../clusters/api/requests.ts';
import type { Anything, Refused } from './refusals.ts';

/** A PersistentVolume that is not valid, and what the API server says of it. */
export interface CreateCase {
  id: string;
  /** What makes the usual local volume invalid. */
  change: (volume: Anything) => void;
  /** The nearest change that is accepted, so that the refusal is for nothing else; none where not given. */
  near?: (volume: Anything) => void;
  refused: Refused;
}

const affinity = 'spec.nodeAffinity.required';
const firstTerm = `${affinity}.nodeSelectorTerms[0]`;

/** Puts one expression in place of the volume's own. */
const expression =
  (own: object) =>
  ({ spec }: Anything): void => {
    spec.nodeAffinity.required.nodeSelectorTerms = [{ matchExpressions: [{ key: 'disk', ...own }] }];
  };
const ofExpression = (field: string, reason: string, message: string): Refused => ({
  causes: [{ field: `${firstTerm}.matchExpressions[0].${field}`, reason, message }],
});
const cause = (field: string, reason: string, message: string): Refused => ({ causes: [{ field, reason, message }] });

const valuesOfIn = "must be specified when `operator` is 'In' or 'NotIn'";
const valuesOfExists = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
const valuesOfGt = "must be specified single value when `operator` is 'Lt' or 'Gt'";

export const createCases: readonly CreateCase[] = [
  {
    id: 'LV-VALID-01',
    change: ({ spec }) => {
      spec.local.path = '';
    },
    refused: cause('spec.local.path', 'FieldValueRequired', 'Required value'),
  },
  {
    id: 'LV-VALID-02',
    change: ({ spec }) => {
      spec.local.path = '/mnt/disks/../../etc';
    },
    near: ({ spec }) => {
      spec.local.path = '/mnt/disks/a..b';
    },
    refused: cause('spec.local.path', 'FieldValueInvalid', "must not contain '..'"),
  },
  {
    id: 'LV-VALID-04',
    change: ({ spec }) => {
      delete spec.nodeAffinity;
    },
    refused: cause('spec.nodeAffinity', 'FieldValueRequired', 'Local volume requires node affinity'),
  },
  {
    id: 'LV-VALID-05',
    change: ({ spec }) => {
      spec.nodeAffinity = {};
    },
    refused: cause(affinity, 'FieldValueRequired', 'must specify required node constraints'),
  },
  {
    id: 'LV-VALID-06',
    change: ({ spec }) => {
      spec.nodeAffinity.required.nodeSelectorTerms = [];
    },
    refused: cause(`${affinity}.nodeSelectorTerms`, 'FieldValueRequired', 'must have at least one node selector term'),
  },
  {
    id: 'LV-VALID-08',
    change: expression({ operator: 'In' }),
    near: expression({ operator: 'In', values: ['ssd'] }),
    refused: ofExpression('values', 'FieldValueRequired', valuesOfIn),
  },
  {
    id: 'LV-VALID-09',
    change: expression({ operator: 'NotIn', values: [] }),
    near: expression({ operator: 'NotIn', values: ['ssd'] }),
    refused: ofExpression('values', 'FieldValueRequired', valuesOfIn),
  },
  {
    id: 'LV-VALID-10',
    change: expression({ operator: 'Exists', values: ['ssd'] }),
    near: expression({ operator: 'Exists' }),
    refused: ofExpression('values', 'FieldValueForbidden', valuesOfExists),
  },
  {
    id: 'LV-VALID-11',
    change: expression({ operator: 'DoesNotExist', values: ['ssd'] }),
    near: expression({ operator: 'DoesNotExist' }),
    refused: ofExpression('values', 'FieldValueForbidden', valuesOfExists),
  },
  {
    id: 'LV-VALID-12',
    change: expression({ operator: 'Gt', values: ['1', '2'] }),
    near: expression({ operator: 'Gt', values: ['1'] }),
    refused: ofExpression('values', 'FieldValueRequired', valuesOfGt),
  },
  {
    id: 'LV-VALID-13',
    change: expression({ operator: 'Lt' }),
    near: expression({ operator: 'Lt', values: ['1'] }),
    refused: ofExpression('values', 'FieldValueRequired', valuesOfGt),
  },
  {
    id: 'LV-VALID-14',
    change: expression({ operator: 'Like', values: ['ssd'] }),
    refused: ofExpression('operator', 'FieldValueInvalid', 'not a valid selector operator'),
  },
  {
    id: 'LV-VALID-15',
    change: expression({ operator: 'In', values: ['not a label'] }),
    near: expression({ operator: 'In', values: ['a_label.1'] }),
    refused: ofExpression('values[0]', 'FieldValueInvalid', 'a valid label must be an empty string or consist of'),
  },
  {
    id: 'LV-VALID-16',
    change: ({ spec }) => {
      spec.nodeAffinity.required.nodeSelectorTerms = [
        { matchFields: [{ key: 'metadata.uid', operator: 'In', values: ['x'] }] },
      ];
    },
    near: ({ spec }) => {
      spec.nodeAffinity.required.nodeSelectorTerms = [
        { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['x'] }] },
      ];
    },
    refused: cause(`${firstTerm}.matchFields[0].key`, 'FieldValueInvalid', 'not a valid field selector key'),
  },
  {
    id: 'LV-VALID-17',
    change: ({ spec }) => {
      spec.hostPath = { path: '/mnt/disks/none' };
    },
    refused: cause('spec.local', 'FieldValueForbidden', 'may not specify more than 1 volume type'),
  },
  {
    id: 'LV-VALID-18',
    change: ({ spec }) => {
      delete spec.local;
    },
    refused: cause('spec', 'FieldValueRequired', 'must specify a volume type'),
  },
  {
    id: 'LV-VALID-19',
    change: ({ spec }) => {
      delete spec.capacity;
    },
    refused: {
      causes: [
        { field: 'spec.capacity', reason: 'FieldValueRequired', message: 'Required value' },
        { field: 'spec.capacity', reason: 'FieldValueNotSupported', message: 'supported values: "storage"' },
      ],
    },
  },
  {
    id: 'LV-VALID-20',
    change: ({ spec }) => {
      spec.capacity.storage = '0';
    },
    near: ({ spec }) => {
      spec.capacity.storage = '1';
    },
    refused: cause('spec.capacity[storage]', 'FieldValueInvalid', 'must be greater than zero'),
  },
  {
    id: 'LV-VALID-21',
    change: ({ spec }) => {
      delete spec.accessModes;
    },
    refused: cause('spec.accessModes', 'FieldValueRequired', 'Required value'),
  },
  {
    id: 'LV-VALID-22',
    change: ({ spec }) => {
      spec.accessModes = ['ReadWriteOncePod', 'ReadWriteOnce'];
    },
    near: ({ spec }) => {
      spec.accessModes = ['ReadWriteOncePod'];
    },
    refused: cause('spec.accessModes', 'FieldValueForbidden', 'may not use ReadWriteOncePod with other access modes'),
  },
];

/** A change to an object that is there, and what the API server says of it. */
export interface UpdateCase {
  id: string;
  of: 'volume' | 'class' | 'boundClaim' | 'unboundClaim';
  patch: Patch;
  refused: Refused;
}

const merge = (change: object): Patch => ({ type: 'merge', change });
const replace = (path: string, value: unknown): Patch => ({
  type: 'json',
  operations: [{ op: 'replace', path, value }],
});
const fieldIsImmutable = (field: string) => cause(field, 'FieldValueInvalid', 'field is immutable');
const claimIsImmutable = cause(
  'spec',
  'FieldValueForbidden',
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
);
const sourceIsImmutable = cause(
  'spec.persistentvolumesource',
  'FieldValueForbidden',
  'spec.persistentvolumesource is immutable after creation',
);

/** What the API server says of a change to the node affinity of a volume. */
export const affinityIsImmutable = {
  field: 'nodeAffinity',
  reason: 'FieldValueInvalid',
  message: 'field is immutable, except for updating from beta label to GA',
};

export const updateCases: readonly UpdateCase[] = [
  {
    id: 'LV-VALID-31',
    of: 'volume',
    patch: merge({ spec: { local: { path: '/mnt/disks/other' } } }),
    refused: sourceIsImmutable,
  },
  {
    id: 'LV-VALID-32',
    of: 'volume',
    patch: merge({ spec: { local: { fsType: 'xfs' } } }),
    refused: sourceIsImmutable,
  },
  {
    id: 'LV-VALID-33',
    of: 'volume',
    patch: replace('/spec/nodeAffinity/required/nodeSelectorTerms/0/matchExpressions/0/values', ['another-node']),
    refused: { causes: [affinityIsImmutable] },
  },
  {
    id: 'LV-VALID-47',
    of: 'volume',
    patch: merge({ spec: { nodeAffinity: null } }),
    refused: {
      causes: [
        {
          field: 'spec.nodeAffinity',
          reason: 'FieldValueRequired',
          message: 'Local volume requires node affinity',
        },
        affinityIsImmutable,
      ],
    },
  },
  {
    id: 'LV-VALID-34',
    of: 'volume',
    patch: merge({ spec: { volumeMode: 'Block' } }),
    refused: fieldIsImmutable('volumeMode'),
  },
  {
    id: 'LV-VALID-35',
    of: 'class',
    patch: merge({ volumeBindingMode: 'WaitForFirstConsumer' }),
    refused: fieldIsImmutable('volumeBindingMode'),
  },
  {
    id: 'LV-VALID-36',
    of: 'class',
    patch: merge({ provisioner: 'example.com/other' }),
    refused: fieldIsImmutable('provisioner'),
  },
  {
    id: 'LV-VALID-37',
    of: 'class',
    patch: merge({ reclaimPolicy: 'Retain' }),
    refused: fieldIsImmutable('reclaimPolicy'),
  },
  {
    id: 'LV-VALID-38',
    of: 'class',
    patch: merge({ parameters: { fast: 'yes' } }),
    refused: fieldIsImmutable('parameters'),
  },
  {
    id: 'LV-VALID-39',
    of: 'boundClaim',
    patch: merge({ spec: { storageClassName: 'another' } }),
    refused: claimIsImmutable,
  },
  {
    id: 'LV-VALID-40',
    of: 'boundClaim',
    patch: merge({ spec: { selector: { matchLabels: { disk: 'fast' } } } }),
    refused: claimIsImmutable,
  },
  {
    id: 'LV-VALID-41',
    of: 'boundClaim',
    patch: merge({ spec: { accessModes: ['ReadOnlyMany'] } }),
    refused: claimIsImmutable,
  },
  {
    id: 'LV-VALID-48',
    of: 'boundClaim',
    patch: merge({ spec: { volumeMode: 'Block' } }),
    refused: {
      causes: [
        ...claimIsImmutable.causes,
        { field: 'volumeMode', reason: 'FieldValueInvalid', message: 'field is immutable' },
      ],
    },
  },
  {
    id: 'LV-VALID-42',
    of: 'unboundClaim',
    patch: merge({ spec: { resources: { requests: { storage: '2Gi' } } } }),
    refused: claimIsImmutable,
  },
  {
    id: 'LV-VALID-43',
    of: 'boundClaim',
    patch: merge({ spec: { resources: { requests: { storage: '2Gi' } } } }),
    refused: {
      status: 403,
      causes: [],
      message:
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    },
  },
  {
    id: 'LV-VALID-44',
    of: 'boundClaim',
    patch: merge({ spec: { resources: { requests: { storage: '512Mi' } } } }),
    refused: cause(
      'spec.resources.requests.storage',
      'FieldValueForbidden',
      'field can not be less than status.capacity',
    ),
  },
];

/** Labels of nodes that had another name while they were beta, and the name that took its place. */
export const graduatedLabels: readonly { beta: string; stable: string }[] = [
  { beta: 'failure-domain.beta.kubernetes.io/zone', stable: 'topology.kubernetes.io/zone' },
  { beta: 'failure-domain.beta.kubernetes.io/region', stable: 'topology.kubernetes.io/region' },
  { beta: 'beta.kubernetes.io/os', stable: 'kubernetes.io/os' },
  { beta: 'beta.kubernetes.io/arch', stable: 'kubernetes.io/arch' },
  { beta: 'beta.kubernetes.io/instance-type', stable: 'node.kubernetes.io/instance-type' },
];
