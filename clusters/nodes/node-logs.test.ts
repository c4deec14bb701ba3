import { expect } from 'chai';
import { DomainError } from '../errors/domain-error.ts';
import { CommandFailed, type CommandRequest } from '../host/command/commander.ts';
import { type Node, usualPlaces } from './node.ts';
import { loggedLine, parseKubeletLog } from './node-logs.ts';

/** A node whose script ends like this. */
function nodeThatSays(status: number, stdout = '') {
  const requests: CommandRequest[] = [];
  const node: Node = {
    name: 'node2',
    place: 'node2',
    places: usualPlaces,
    units: [],
    async attempt(request) {
      requests.push(request);
      return { argv: request.argv, status, stdout, stderr: '', milliseconds: 1 };
    },
  };
  return { node, requests };
}

describe('waiting for a line in a unit’s log', () => {
  it('gives the line, and leaves the node more time than the wait itself has', async () => {
    const { node, requests } = nodeThatSays(0, 'Started kubelet\n');
    expect(await loggedLine(node, 'kubelet', 'Started', { within: 1_500 })).to.equal('Started kubelet');
    expect(requests[0]?.argv.slice(-3)).to.deep.equal(['kubelet', 'Started', '2']);
    expect(requests[0]?.deadline).to.equal(11_500);
  });

  it('says what did not come when the time is over', async () => {
    const error = await loggedLine(nodeThatSays(124).node, 'kubelet', 'Started', { within: 2_000 }).catch((e) => e);
    expect(error).to.be.instanceOf(DomainError).and.not.instanceOf(CommandFailed);
    expect(error.message).to.include('waiting for kubelet to log "Started", at most 2 s').and.include('node2');
  });

  it('passes on what else went wrong', async () => {
    const error = await loggedLine(nodeThatSays(1).node, 'kubelet', 'Started').catch((e) => e);
    expect(error).to.be.instanceOf(CommandFailed);
  });
});

const journal = `
1795400385.820123 lpv-dev-worker kubelet[145]: I1123 02:19:45.819000     145 reconciler_common.go:225] "operationExecutor.MountVolume started for volume \\"example-pv-a\\""
1795400385.832456 lpv-dev-worker kubelet[145]: I1123 02:19:45.831000     145 operation_generator.go:620] "MountVolume.SetUp succeeded"
1795400386.000000 lpv-dev-worker systemd[1]: Started kubelet.
1795400386.100000 lpv-dev-worker kubelet[145]: a line that is not klog's
`;

describe('kubelet’s log', () => {
  it('gives time, origin and text of every line of klog, and leaves out the others', () => {
    expect(parseKubeletLog(journal)).to.deep.equal([
      {
        at: new Date(1795400385820.123),
        origin: 'reconciler_common.go:225',
        text: '"operationExecutor.MountVolume started for volume \\"example-pv-a\\""',
      },
      { at: new Date(1795400385832.456), origin: 'operation_generator.go:620', text: '"MountVolume.SetUp succeeded"' },
    ]);
  });
});
