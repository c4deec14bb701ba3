import { expect } from 'chai';
import type { RunEvent } from '../../../specs/runner/events.ts';
import { PhaseReader } from './start.ts';

it('the phases of a start are its steps, the steps of kind within one of them, and all of it', () => {
  const reader = new PhaseReader();
  const at = (seconds: number) => new Date(seconds * 1000);
  const begins = (seconds: number, action: string, title: string): RunEvent => ({
    at: at(seconds),
    kind: 'action-started',
    action,
    title,
    direction: 'perform',
  });
  const ends = (seconds: number, action: string, title: string, took: number): RunEvent =>
    ({
      ...begins(seconds, action, title),
      kind: 'action-finished',
      outcome: 'done',
      milliseconds: took * 1000,
    }) as RunEvent;
  const notes = (seconds: number, text: string): RunEvent => ({
    at: at(seconds),
    kind: 'action-noted',
    action: 'cluster',
    text,
  });
  const events = [
    begins(10, 'kind', 'Finding kind'),
    ends(11, 'kind', 'Finding kind', 1),
    begins(11, 'cluster', 'Creating the cluster'),
    notes(12, 'Preparing nodes'),
    notes(15, 'Joining worker nodes'),
    ends(21, 'cluster', 'Creating the cluster', 10),
    { ...ends(30, 'cluster', 'Deleting the cluster', 9), direction: 'undo' } as RunEvent,
  ];
  for (const event of events) reader.read(event);
  expect(Object.fromEntries(reader.seconds)).to.deep.equal({
    'Finding kind': 1,
    'kind: Preparing nodes': 3,
    'kind: Joining worker nodes': 6,
    'Creating the cluster': 10,
    'all of it, nodes Ready': 11,
  });
});
