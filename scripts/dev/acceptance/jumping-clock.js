// Loaded before the harness: its wall clock jumps an hour ahead and an hour back, every half second. The kernel's own
// clock is everyone's, and time namespaces do not cover it.

const RealDate = Date;
const offset = () => (Math.floor(performance.now() / 500) % 2 === 0 ? 3_600_000 : -3_600_000);

globalThis.Date = class JumpingDate extends RealDate {
  constructor(...values) {
    super(...(values.length > 0 ? values : [RealDate.now() + offset()]));
  }

  static now() {
    return RealDate.now() + offset();
  }
};
