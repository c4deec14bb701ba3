import { DomainError } from '../errors/domain-error.ts';

/** One cause of a rejection, as in a Kubernetes `Status`. */
export interface RefusalCause {
  /** Path of the field, such as `spec.local.path` or `spec.nodeAffinity.required`. Empty if the API names none. */
  field: string;
  message: string;
  /** Such as `FieldValueInvalid`, `FieldValueRequired`; `UnknownField` or `DuplicateField` for strict decoding. */
  reason: string;
}

/** The part of a Kubernetes `Status` object that describes a rejection. */
interface StatusBody {
  message?: string;
  reason?: string;
  details?: { causes?: Partial<RefusalCause>[] };
}

/** The API server answered with a rejection. */
export class ApiRefusal extends DomainError {
  override readonly name = 'ApiRefusal';
  /** HTTP status, such as 404, 409, 410, 422. */
  readonly status: number;
  /** The machine-readable reason, such as `NotFound`, `AlreadyExists`, `Invalid`, `Expired`. */
  readonly reason: string;
  /** The API server's own sentence. (`message`, as in every DomainError, has all details.) */
  readonly refusal: string;
  readonly causes: readonly RefusalCause[];

  constructor(attempted: string, on: string, status: number, body: string) {
    const parsed = parseStatus(body);
    const reason = parsed?.reason ?? (status === 410 ? 'Gone' : 'Unknown');
    const refusal = parsed?.message ?? (body.trim().slice(0, 500) || 'an empty answer');
    const causes = causesOf(parsed, refusal);
    super(
      {
        attempted,
        on,
        seen: [`HTTP ${status} ${reason}: ${refusal}`, ...fieldLines(causes, refusal)].join('\n'),
        why: meaning(status),
        ...remedyFor(status),
      },
      // The API server rejected the request: the machine is not at fault.
      { exit: status === 400 || status === 422 ? 'badUsage' : 'environment' },
    );
    this.status = status;
    this.reason = reason;
    this.refusal = refusal;
    this.causes = causes;
  }
}

/** Returns whether a quota refused an object because its controller has counted nothing in the namespace yet. */
export function isQuotaUncounted(error: unknown): boolean {
  return error instanceof ApiRefusal && error.refusal.includes('status unknown for quota');
}

/** The request got no usable answer: no connection, a broken one, or the deadline passed. */
export class ApiUnreachable extends DomainError {
  override readonly name = 'ApiUnreachable';

  constructor(attempted: string, on: string, seen: string, cause?: unknown) {
    super(
      {
        attempted,
        on,
        seen,
        why: 'the API server gave no answer, so nothing is known about what it did',
        remedy: 'check that the cluster is up (`docker ps`) and that the kubeconfig is the one of this run',
      },
      { cause },
    );
  }
}

/** Returns the `Status` object in a text; undefined if it contains none. */
function parseStatus(body: string): StatusBody | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && 'message' in parsed ? (parsed as StatusBody) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the causes of a status. Strict decoding lists its fields only in the message, so they are parsed from it. */
function causesOf(status: StatusBody | undefined, message: string): RefusalCause[] {
  const listed = (status?.details?.causes ?? []).map((cause) => ({
    field: cause.field ?? '',
    message: cause.message ?? '',
    reason: cause.reason ?? '',
  }));
  if (listed.length > 0 || !message.includes('strict decoding error')) return listed;
  return [...message.matchAll(/(unknown|duplicate) field "([^"]+)"/g)].map(([text, fault, field]) => ({
    field: field ?? '',
    message: text,
    reason: fault === 'unknown' ? 'UnknownField' : 'DuplicateField',
  }));
}

/** Returns one line for each cause whose field the API server's sentence does not name. */
function fieldLines(causes: readonly RefusalCause[], refusal: string): string[] {
  return causes.filter((cause) => !refusal.includes(cause.message)).map((cause) => `${cause.field}: ${cause.message}`);
}

function meaning(status: number): string {
  if (status === 401 || status === 403) return 'the credentials of the kubeconfig do not allow this';
  if (status === 404) return 'the object, or its namespace, is not there';
  if (status === 409) return 'it exists already, or it changed since it was read';
  if (status === 410) return 'the resourceVersion asked for is older than what the API server keeps';
  if (status === 400 || status === 422) return 'the object as written is not valid, and nothing was stored';
  if (status === 429 || status >= 500) return 'the API server could not serve the request now';
  return 'the API server did not do what was asked';
}

function remedyFor(status: number): { remedy?: string } {
  if (status === 400 || status === 422) return { remedy: 'correct the fields named above' };
  if (status === 401 || status === 403) return { remedy: 'use the kubeconfig of this run' };
  return {};
}
