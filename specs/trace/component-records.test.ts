import { expect } from 'chai';
import type { Event } from '../../clusters/api/objects.ts';
import { firstTimeOf } from './component-records.ts';

const event = (metadata: object, times: object): Event =>
  ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { creationTimestamp: '2026-11-23T07:46:26Z', ...metadata },
    ...times,
  }) as Event;

describe('when an Event happened', () => {
  const firstTimestamp = '2026-11-23T07:46:26Z';

  it('is in its name to the nanosecond, as client-go’s recorder writes it', () =>
    expect(firstTimeOf(event({ name: 'reader.18ea9cf6f9ba63dc' }, { firstTimestamp }))).to.deep.equal({
      at: '2026-11-23T07:46:26.026193Z',
      resolution: 0.001,
    }));

  for (const name of ['reader.18ea9cf000000000', 'reader.cafe', 'reader', 'reader.zz']) {
    it(`has a resolution of a second where the name says something else: ${name}`, () =>
      expect(firstTimeOf(event({ name }, { firstTimestamp }))).to.deep.equal({ at: firstTimestamp, resolution: 1000 }));
  }

  it('is its own micro time where it has one', () =>
    expect(firstTimeOf(event({ name: 'x' }, { eventTime: '2026-11-23T07:46:26.123456Z' }))).to.deep.equal({
      at: '2026-11-23T07:46:26.123456Z',
      resolution: 0.001,
    }));
});
