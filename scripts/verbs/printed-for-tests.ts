/**
 * Keeps what each test of a `describe` prints on standard output, instead of showing it. Returns the function that says
 * what the test has printed so far.
 */
export function keepPrinted(): () => string {
  const { write } = process.stdout;
  let printed: string;

  beforeEach(() => {
    printed = '';
    process.stdout.write = ((text: string) => {
      printed += text;
      return true;
    }) as typeof process.stdout.write;
  });

  afterEach(() => {
    process.stdout.write = write;
  });

  return () => printed;
}
