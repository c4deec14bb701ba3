/** An object whose status has conditions: a pod, a claim or a node. */
interface WithConditions {
  status?: { conditions?: readonly { type: string; status: string; reason?: string; message?: string }[] | undefined };
}

/** A condition of an object by its type, such as `PodScheduled`. */
export function conditionOf(object: WithConditions | undefined, type: string) {
  return object?.status?.conditions?.find((condition) => condition.type === type);
}

/** Whether a pod or a node is Ready. An object that is not there is not. */
export function isReady(object: WithConditions | undefined): boolean {
  return conditionOf(object, 'Ready')?.status === 'True';
}
