import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { findAccess } from '../../clusters/api/access/access.ts';
import { connect } from '../../clusters/api/client.ts';
import { reportFile } from '../report/model/report-file.ts';

/** The key of the ConfigMap that a report is in. */
const reportKey = 'report.yaml.gz';

/** Bytes that an API server takes in one object, with room for the rest of it. */
const mostBytes = 1_000_000;

/**
 * Keeps the report of a run in a ConfigMap named by the Job and its index: the files of a pod are gone when it has ended.
 * The ConfigMap goes with its Job. Does nothing in a pod that is of no Job.
 * @throws Error where it does not fit, or where the API server refuses it
 */
export async function keepReport(folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const { LPV_JOB: job, LPV_JOB_UID: uid, JOB_COMPLETION_INDEX: index = '0' } = environment;
  if (!job || !uid) return;
  const packed = gzipSync(await readFile(await reportFile(folder)));
  if (packed.length > mostBytes) throw new Error(`the report has ${packed.length} bytes, and a ConfigMap ${mostBytes}`);
  const access = await findAccess({}, { environment });
  using client = await connect({ kubeconfig: access });
  const namespace = access.namespace ?? 'default';
  const name = `${job}-${index}`;
  // Of an earlier pod of the same index.
  await client.remove({ kind: 'ConfigMap', namespace, name }, { absentIsFine: true });
  await client.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace,
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: job, uid }],
    },
    binaryData: { [reportKey]: packed.toString('base64') },
  });
  process.stdout.write(`   report: ConfigMap ${namespace}/${name}\n`);
}
