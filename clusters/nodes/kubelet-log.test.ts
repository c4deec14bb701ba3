import { expect } from 'chai';
import { parseKubeletLog } from './kubelet-log.ts';

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
