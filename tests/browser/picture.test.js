// picture.test.js -- the README's moving picture: psql and two browsers, played, looked at, and recorded.
//
//   PICTURE=doc/live.gif node --test tests/browser/picture.test.js      needs ffmpeg, too
//
// The browsers are frames of one page, which is served from the relay's own origin; psql's window is
// drawn, but what is typed there is run. Each picture is taken when what it shows has happened.

import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../lib/cluster.js';
import { startTalking } from '../lib/talking.js';
import { DEFAULT_LIMIT_MS, patient, until } from '../lib/until.js';

const WIDTH = 1100;
const HEIGHT = 780;
const MAX_OCTETS = 1_500_000;

const STAGE = `<!doctype html><meta charset="utf-8"><title>stage</title><link rel="icon" href="data:,"><style>
  body { margin: 0; height: 100vh; box-sizing: border-box; padding: 14px; display: grid; gap: 14px; background: #d8cfc0;
    grid: 1fr 190px / 1fr 1fr; font: 13px ui-sans-serif, system-ui, sans-serif; }
  .window { display: grid; grid-template-rows: 26px 1fr; border-radius: 10px; overflow: hidden; background: #fff; box-shadow: 0 4px 22px rgb(60 40 20 / 28%); }
  .window > div { display: flex; align-items: center; gap: 6px; padding: 0 10px; background: #ece5d9; color: #655c52; }
  .window i { width: 9px; height: 9px; border-radius: 50%; background: #cfc4b4; } .window span { margin: auto; }
  iframe { width: 100%; height: 100%; border: 0; }
  .psql { grid-column: 1 / -1; } .psql > div { background: #332d28; color: #cbbfb0; } .psql i { background: #6d6256; }
  pre { margin: 0; padding: 12px 16px; background: #1a1614; color: #f3ece1; font: 15px/1.55 ui-monospace, Menlo, monospace; overflow: hidden; }
  pre b { color: #ffb199; font-weight: 400; }</style>
  <div class="window"><div><i></i><i></i><i></i><span>Ann's browser</span></div><iframe name="ann" src="/talking/#/recordings/ROOT"></iframe></div>
  <div class="window"><div><i></i><i></i><i></i><span>Ben's browser</span></div><iframe name="ben" src="/talking/#/recordings/ROOT"></iframe></div>
  <div class="window psql"><div><i></i><i></i><i></i><span>psql</span></div><pre></pre></div>`;

const talking = await startTalking();
const place = mkdtempSync(join(tmpdir(), 'pgcrier-picture-'));
after(async () => {
  rmSync(place, { recursive: true, force: true });
  await talking.stop();
});

test('an INSERT in psql shows in two browsers, a vote and a recording of one in the other', async () => {
  execFileSync(join(ROOT, 'scripts', 'sample-sounds'), [talking.cluster.url(), '60']);
  const frames = [];
  const root = talking.psql("select id from talking.recordings where title like 'Unpopular opinion: voice messages%'");
  const page = await talking.browser.chrome.newPage({
    viewport: { width: WIDTH, height: HEIGHT }, ignoreHTTPSErrors: true, permissions: ['microphone'],
  });
  page.setDefaultTimeout(patient(DEFAULT_LIMIT_MS));
  await page.route('**/stage', (route) => route.fulfill({ contentType: 'text/html', body: STAGE.replaceAll('ROOT', root) }));
  await page.goto(`${talking.url}/stage`);
  const [ann, ben] = ['ann', 'ben'].map((name) => page.frame({ name }));
  await Promise.all([ann, ben].map((frame) => frame.waitForSelector('.opening .wave')));

  async function take(seconds) {
    const name = join(place, `${String(frames.length).padStart(3, '0')}.png`);
    await page.screenshot({ path: name, animations: 'disabled' });
    frames.push({ name, seconds });
  }
  // What the next picture is of: the row is there, with its text, in the middle of either window.
  async function bothShow(id, text) {
    for (const frame of [ann, ben]) {
      const row = frame.locator(`#recording-${id} > article`, { hasText: text });
      await row.waitFor();
      await row.evaluate((element) => element.scrollIntoView({ block: 'center' }));
      const inside = await row.evaluate((element) => { const { top, bottom } = element.getBoundingClientRect(); return top >= 0 && bottom <= innerHeight; });
      assert.ok(inside, `${text} is in ${frame.name()}'s window`);
    }
  }
  let shown = '';
  const show = (text) => page.evaluate((lines) => {
    document.querySelector('pre').replaceChildren(...lines.split(/(demo=#)/).map((part) => (part === 'demo=#'
      ? Object.assign(document.createElement('b'), { textContent: part }) : part)));
  }, text);
  async function type(sql) {
    for (const piece of sql.match(/[^]{1,9}/g)) {
      shown += piece;
      await show(`${shown}▌`);
      await take(0.11);
    }
    await take(0.4);
  }

  shown = 'demo=# ';
  await show(`${shown}▌`);
  await take(1.2);
  await type(`insert into talking.recordings (parent_id, author, title)\ndemo-# values (${root}, 'psql', 'Hello from the database!');`);
  talking.psql(`insert into talking.recordings (parent_id, author, title) values (${root}, 'psql', 'Hello from the database!')`);
  const id = talking.psql('select max(id) from talking.recordings');
  await bothShow(id, 'Hello from the database!');
  shown += '\nINSERT 0 1\ndemo=# ';
  await show(`${shown}▌`);
  await take(2.2);

  await ann.locator(`#recording-${id} .vote.up`).click();
  await until(async () => /: 1 for/.test(await ben.locator(`#recording-${id} .vote.up`).textContent()), { what: 'the vote is with Ben' });
  await bothShow(id, 'Hello from the database!');
  await take(1.8);

  await ben.locator(`#recording-${id}`).getByRole('button', { name: 'Reply to psql', exact: true }).click();
  await ben.getByLabel('Your name').fill('Ben');
  await take(0.9);
  await ben.getByRole('button', { name: 'Record', exact: true }).click();
  await ann.getByText('Ben is recording a reply…').first().waitFor();
  for (let i = 0; i < 12; i += 1) await take(0.16);
  await ben.getByRole('button', { name: 'Stop', exact: true }).click();
  await ben.locator('.dock .waves').waitFor();
  await take(1);
  await ben.getByRole('button', { name: 'Send', exact: true }).click();
  await until(() => talking.psql('select max(id) from talking.recordings') !== id, { what: 'the reply is there' });
  const reply = talking.psql('select max(id) from talking.recordings');
  await ann.waitForSelector(`#recording-${reply} .play`);
  await until(async () => await ben.locator('.dock').count() === 0);
  await bothShow(reply, 'Ben');
  await take(3);

  assert.equal(new Set(frames.map(({ name }) => readFileSync(name, 'base64'))).size > 20, true, 'most pictures differ');
  await page.close();
  if (process.env.PICTURE) record(frames, process.env.PICTURE);
});

function record(frames, picture) {
  const list = frames.map(({ name, seconds }) => `file '${name}'\nduration ${seconds}\n`).join('');
  writeFileSync(join(place, 'list'), `${list}file '${frames.at(-1).name}'\n`);
  execFileSync('ffmpeg', ['-y', '-loglevel', 'error', '-f', 'concat', '-safe', '0', '-i', join(place, 'list'), '-filter_complex',
    'fps=12.5,scale=960:-1:flags=lanczos,split[a][b];[a]palettegen=max_colors=160:stats_mode=diff[p];[b][p]paletteuse=dither=none:diff_mode=rectangle',
    '-fps_mode', 'vfr', picture], { stdio: 'inherit' });
  const { size } = statSync(picture);
  if (size > MAX_OCTETS) throw new Error(`${picture} has ${size} octets`);
  console.log(`${picture}: ${frames.length} pictures, ${size} octets`);
}
