import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dealTopics, ownerOf, topicPattern } from '../../actors/topic-set.ts';

const named = (...topics: string[]) => ({ topics, patterns: [] });
const matching = (...patterns: string[]) => ({ topics: [], patterns: patterns.map(topicPattern) });

describe('topic sets', () => {
  it('hold a pattern against the whole name', () => {
    assert.equal(ownerOf('raw-1', [matching('raw-.*')]), 0);
    assert.equal(ownerOf('not-raw-1', [matching('raw-.*')]), -1);
    assert.equal(ownerOf('raw-1', [matching('^raw-\\d$')]), 0);
    assert.equal(ownerOf('raw', [matching('a|raw')]), 0);
    assert.equal(ownerOf('rawx', [matching('a|raw')]), -1);
  });

  it('give a topic to the set that names it, else to the first whose pattern it meets', () => {
    const sets = [matching('raw-.*'), matching('.*-1'), named('raw-special')];
    assert.deepEqual(dealTopics(sets, ['raw-2', 'x-1', 'raw-special', 'raw-1', 'y']), [['raw-1', 'raw-2'], ['x-1'], ['raw-special']]);
  });

  it("leave Kafka's own topics alone, unless one is named", () => {
    assert.equal(ownerOf('__consumer_offsets', [matching('.*')]), -1);
    assert.equal(ownerOf('__consumer_offsets', [matching('.*'), named('__consumer_offsets')]), 1);
  });

  it('refuse what is no regular expression, also what would be one only inside of theirs', () => {
    assert.throws(() => topicPattern('a)(b'), SyntaxError);
    assert.throws(() => topicPattern('['), SyntaxError);
  });
});
