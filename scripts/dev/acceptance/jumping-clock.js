// Loaded before the harness: its wall clock jumps ahead by eight hours and back by four, in turns, every half second, so
// that whatever takes a second takes hours. The kernel's own clock is everyone's, and time namespaces do not cover it.

const RealDate = Date;
const hour = 3_600_000;
const offset = () => {
  const jumps = Math.floor(performance.now() / 500);
  return 2 * hour * (jumps % 2 === 0 ? jumps : jumps - 3);
};

globalThis.Date = class JumpingDate extends RealDate {
  constructor(...values) {
    super(...(values.length > 0 ? values : [RealDate.now() + offset()]));
  }

  static now() {
    return RealDate.now() + offset();
  }
};
