import { expect } from 'chai';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import { ApiRefusal } from '../../../clusters/api/refusal.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { assertAdmitted } from './admission.ts';

describe('the question whether pods are admitted', () => {
  const { signal } = new AbortController();

  /** Asks a cluster that gives these answers to pods, one after the other; none is an admission. */
  async function ask(answers: string[], namespace?: string) {
    const seen: string[] = [];
    const client = {
      async create({ kind, spec }: { kind: string; spec?: { containers: { securityContext: object }[] } }) {
        seen.push(`+${kind}`);
        if (kind !== 'Pod') return;
        expect(spec?.containers[0]?.securityContext).to.include({ runAsNonRoot: true, runAsUser: 65_534 });
        expect(spec).to.deep.include({ securityContext: { seccompProfile: { type: 'RuntimeDefault' } } });
        expect(spec).not.to.have.property('hostNetwork');
        const message = answers.shift();
        if (message !== undefined) throw new ApiRefusal('creating', 'Pod', 403, JSON.stringify({ message }));
      },
      async remove({ kind }: { kind: string }) {
        seen.push(`-${kind}`);
      },
    } as unknown as ClusterClient;
    const error = await assertAdmitted({ client, run: 'abc', namespace, podImage: 'x' }, signal).catch(
      (thrown: unknown) => thrown,
    );
    return { seen, error };
  }

  it('waits until a new namespace can have pods, and leaves none behind', async () => {
    const { seen, error } = await ask(['serviceaccount "default" not found', 'status unknown for quota: default']);
    expect(error).to.equal(undefined);
    expect(seen).to.deep.equal(['+Namespace', '+Pod', '+Pod', '+Pod', '-Namespace']);
  });

  it('creates no namespace where the run may use one only', async () => {
    const { seen, error } = await ask([], 'team');
    expect(error).to.equal(undefined);
    expect(seen).to.deep.equal(['+Pod']);
  });

  it('ends with the words of the policy that refuses them', async () => {
    const { error } = await ask(['admission webhook "images" denied the request: no image of localhost']);
    expect(error).to.be.instanceOf(DomainError).and.to.include({ exit: 'environment' });
    expect(String(error)).to.include('no image of localhost').and.to.include('local-pv-conformance/run');
  });
});
