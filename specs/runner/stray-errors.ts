type Report = (thrown: unknown) => void;

/** Who reports now, and before: the last one does. */
const reports: Report[] = [];

const pass: Report = (thrown) => reports.at(-1)?.(thrown);

/**
 * Reports the errors that nothing catches, instead of ending the process without any clean-up, until the result is
 * disposed. Of several, the one that began last gets them.
 */
export function catchStrayErrors(report: Report): Disposable {
  if (reports.length === 0) for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, pass);
  reports.push(report);
  return {
    [Symbol.dispose]() {
      reports.splice(reports.indexOf(report), 1);
      if (reports.length === 0)
        for (const event of ['uncaughtException', 'unhandledRejection']) process.off(event, pass);
    },
  };
}
