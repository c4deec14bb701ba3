import { lpv } from '../../clusters/project-root.ts';
import { EventStream } from '../../specs/runner/events.ts';
import { Terminal, terminalCapabilities } from '../report/formats/terminal.ts';
import { listenForSignals } from '../run/signals.ts';

/**
 * Shows on the terminal what the events of steps tell, until it is disposed; no report is written. Its `signal` is
 * aborted by the signals that interrupt, which name `lpv <verb>` as what cleans up.
 */
export function stepsOnTerminal(verb: string): { events: EventStream; signal: AbortSignal } & Disposable {
  const events = new EventStream();
  const terminal = new Terminal({ output: process.stdout, ...terminalCapabilities(process.stdout, process.env) });
  events.subscribe(terminal.read);
  const signals = listenForSignals({
    interrupted: (signal) => events.emit({ kind: 'interrupted', signal }),
    say: (line) => void process.stderr.write(`${line}\n`),
    cleanCommand: () => lpv(verb),
  });
  return {
    events,
    signal: signals.signal,
    [Symbol.dispose]: () => {
      signals[Symbol.dispose]();
      terminal[Symbol.dispose]();
    },
  };
}
