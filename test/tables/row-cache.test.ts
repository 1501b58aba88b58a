import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RowCache } from '../../src/tables/row-cache.ts';

it('rows that were looked up lately are kept, in bounded memory', () => {
  const cache = new RowCache();
  const text = 'x'.repeat(10_000);
  cache.put('ada', '{}');
  for (let n = 0; n < 8000; n += 1) {
    cache.put(`k${n}`, text);
    if (n % 1000 === 0) assert.equal(cache.get('ada'), '{}', 'what is asked for again and again stays');
  }
  const kept = Array.from({ length: 8000 }, (_, n) => cache.get(`k${n}`)).filter((found) => found !== undefined).length;
  assert.ok(kept > 1500 && kept < 4000, `${kept} rows of 10,000 characters`);
  cache.delete('ada');
  assert.equal(cache.get('ada'), undefined);
});
