// talking_sample.test.js -- the sample data: lively, the same every time, and never twice.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ROOT, startCluster } from '../lib/cluster.js';

let cluster;
const file = (name) => ['-f', join(ROOT, 'db', name)];

before(async () => {
  cluster = await startCluster();
  cluster.psql(file('talking.sql'));
  cluster.psql(file('talking-sample.sql'));
});
after(() => cluster?.stop());

const content = (database) => cluster.value(`
  select md5(string_agg(concat_ws('|', id, parent_id, author, title, duration_ms, ups, downs), E'\\n' order by id))
  from talking.recordings`, [], { database });

test('a few dozen threads of the last weeks, deep ones and wide ones, with votes', async () => {
  const [found] = await cluster.sql(`
    with recursive t as (
      select r.id, 1 as level from talking.recordings r where r.parent_id is null
      union all
      select r.id, t.level + 1 from t join talking.recordings r on r.parent_id = t.id)
    select count(*) filter (where r.parent_id is null)::int as threads, count(*)::int as recordings, max(t.level) as levels,
      (select max(n)::int from (select count(*) as n from talking.recordings group by parent_id) s) as siblings,
      sum(r.ups + r.downs)::int as votes, max(r.created_at) < now() as past,
      max(r.created_at) > now() - interval '1 hour' and min(r.created_at) > now() - interval '60 days' as recent
    from t join talking.recordings r using (id)`);
  assert.ok(found.threads >= 24, `${found.threads} threads`);
  assert.ok(found.recordings >= 400, `${found.recordings} recordings`);
  assert.ok(found.levels >= 20, `${found.levels} levels`);
  assert.ok(found.siblings >= 60, `${found.siblings} siblings`);
  assert.ok(found.votes >= 1000, `${found.votes} votes`);
  assert.ok(found.past && found.recent, 'all of it in the past, some of it of the last hour');
  assert.equal(await cluster.value('select min(id) from talking.recordings where parent_id is null'), 1, 'a thread 1 to reply to');
});

test('the same every time', async () => {
  await cluster.createDatabase('again', { install: true });
  cluster.psql(file('talking.sql'), { database: 'again' });
  cluster.psql(file('talking-sample.sql'), { database: 'again' });
  assert.equal(await content('again'), await content());
});

test('a second time it adds nothing, and the schema can be installed again over it', async () => {
  const once = await content();
  cluster.psql(file('talking-sample.sql'));
  cluster.psql(file('talking.sql'));
  assert.equal(await content(), once);
});
