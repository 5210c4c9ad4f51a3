// The pool's turns: what streams are to get is read however much somebody waits for. The only connection is
// stopped by two gates, at what is asked for in great number and at the stream's document; what was served when
// the second one is reached went before it.

import { ok, strictEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startApp } from '../lib/app.js';
import { ROOT } from '../lib/cluster.js';
import { PASS, gateOf, pass } from '../lib/gate.js';
import { until } from '../lib/until.js';

const DOCUMENT = 2; // a gate
const READERS = 30;
const app = await startApp({
  relay: { args: ['--pool', '1', '--threads', '1'] },
  sql: `${readFileSync(join(ROOT, 'tests/lib/writes.sql'), 'utf8')};
    create function app.gated(_id integer) returns json language plpgsql stable as $$ begin perform ${PASS}; return _id; end $$;
    create function app.gated_file(_id integer) returns bytea language sql stable as $$
      with passed as materialized (select ${PASS}) select bytes from app.files, passed where id = _id $$;
    create function app.watched() returns json language plpgsql volatile as $$ begin
      perform ${pass(DOCUMENT)};
      return (select to_json(body) from app.notes where id = 1); end $$;
    grant execute on function app.gated, app.gated_file, app.watched to relay;
    select crier.live('/api/gated/{id}', 'app.gated(integer)'), crier.live('/api/watched', 'app.watched()', reread => '1 hour'),
      crier.blob('/gated/{id}', 'app.gated_file(integer)', type => 'audio/wav', etag => 'app.file_version')`,
});
const [asked, watched] = [gateOf(app.cluster), gateOf(app.cluster, DOCUMENT)];
const waitsAt = (gate) => until(async () => (await app.sql(
  `select 1 from pg_locks where locktype = 'advisory' and objid = ${gate} and not granted`)).length === 1, { what: `gate ${gate} is reached` });
const rest = (look) => {
  let before;
  return until(async () => before === (before = await look()) && before > 0, { every: 200, what: 'all are asked for' }).then(() => before);
};

// Calls ask() while the gate of what it asks for is shut, then has the stream's document read; returns how many more
// served() tells when that read has its turn.
async function wentBefore(ask, asking, served) {
  const stream = await app.stream('/api/watched');
  await stream.next();
  await watched.shut();
  await asked.shut();
  await ask();
  await rest(asking);
  const reads = await app.metric('pgcrier_reads_total');
  await app.sql(`update app.notes set body = body || '!' where id = 1; select crier.touch('/api/watched')`);
  await until(async () => await app.metric('pgcrier_reads_total') > reads, { what: 'the document is to be read' });
  const before = await served();
  await asked.open();
  await waitsAt(DOCUMENT);
  const between = await served() - before;
  await watched.open();
  await stream.next();
  stream.close();
  return between;
}

test('a stream gets its document though others are asked for all the time', async () => {
  let answered = 0;
  let done;
  const between = await wentBefore(() => {
    done = Promise.all(Array.from({ length: READERS }, async (_, i) => {
      strictEqual((await app.get(`/api/gated/${i}`)).status, 200);
      answered += 1;
    }));
  }, () => app.metric('pgcrier_reads_total').then((reads) => reads >= READERS && reads), () => answered);
  await done;
  ok(between < 20, `${between} of ${READERS} went before`);
});

// As after a reconnect, when every document that somebody has open is read again.
test('who asks for a document that is to be read for streams does not wait for all of those', async () => {
  const paths = [...Array.from({ length: READERS }, (_, i) => `/api/gated/${i}`), '/api/watched'];
  const streams = await Promise.all(paths.map((path) => app.stream(path)));
  await Promise.all(streams.map((stream) => stream.next()));
  await app.quietReads();
  await watched.shut();
  await asked.shut();
  const reads = await app.metric('pgcrier_reads_total');
  await app.sql(`select crier.touch('/api/gated/' || i) from generate_series(0, ${READERS - 1}) i; select crier.touch('/api/watched')`);
  await until(async () => await app.metric('pgcrier_reads_total') === reads + READERS + 1, { what: 'all are to be read' });
  const before = await app.metric('pgcrier_frames_total');
  const requests = await app.metric('pgcrier_requests_total');
  const answer = app.get('/api/watched');
  await until(async () => await app.metric('pgcrier_requests_total') > requests, { what: 'it has come' });
  await app.heard(); // by then it has asked
  await asked.open();
  await waitsAt(DOCUMENT);
  const between = await app.metric('pgcrier_frames_total') - before;
  await watched.open();
  strictEqual((await answer).status, 200);
  ok(between < 20, `${between} of ${READERS} went before`);
  for (const stream of streams) stream.close();
});

test('a stream gets its document though blobs are read all the time', async () => {
  let raws;
  const windows = () => app.metric('pgcrier_blob_windows_total');
  const between = await wentBefore(async () => {
    raws = await Promise.all(Array.from({ length: READERS }, () => app.raw('GET /gated/8 HTTP/1.1\r\nhost: x\r\n\r\n')));
  }, () => app.metric('pgcrier_requests_total'), windows);
  for (const raw of raws) raw.reset();
  ok(between < 20, `${between} windows went before`);
});
