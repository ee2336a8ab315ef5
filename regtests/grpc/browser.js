// Chromium over HTTP/2 in TLS.  usage: node browser.js PORT SPKI-HASH PROFILE; prints a sentence for each step that held.
const { chromium } = require('playwright-core');
const assert = require('assert');
const [port, spki, profile] = process.argv.slice(2);
const url = `https://rpc.example.org:${port}`;
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--host-resolver-rules=MAP rpc.example.org 127.0.0.1', `--ignore-certificate-errors-spki-list=${spki}`];

async function main(context) {
  const page = await context.newPage();
  const said = [];
  page.on('pageerror', (e) => said.push(e.message));
  await page.goto(`${url}/page/`);
  assert.strictEqual(await page.evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol), 'h2');
  console.log('Chromium loads a page over HTTP/2');

  const got = await page.evaluate(async () => {
    const all = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      const r = await fetch(`/page/size/${i * 100}`);
      return (await r.blob()).size === i * 100 && r.status === 200;
    }));
    return [all.filter(Boolean).length, performance.getEntriesByType('resource').filter((e) => e.name.includes('/size/') && e.nextHopProtocol === 'h2').length];
  });
  assert.deepStrictEqual(got, [200, 200]);
  console.log('two hundred requests at once');

  const size = await page.evaluate(async () => {
    const body = new Uint8Array(3 << 20).fill(7);
    const back = new Uint8Array(await (await fetch('/page/echo', { method: 'POST', body })).arrayBuffer());
    return back.length === body.length && back.every((b) => b === 7);
  });
  assert.ok(size);
  console.log('a body of 3 MiB there and back');

  for (const server of ['h1', 'h2']) {
    const words = await page.evaluate((to) => new Promise((done, fail) => {
      const ws = new WebSocket(`wss://${location.host}/ws/${to}`), words = [];
      ws.onmessage = (m) => { words.push(m.data.length > 20 ? m.data.length : m.data); if (words.length === 1) ws.send('hello'); if (words.length === 2) ws.send('x'.repeat(100000)); if (words.length === 3) ws.send('close'); };
      ws.onerror = () => fail(new Error('WebSocket'));
      ws.onclose = (e) => done([...words, e.code]);
    }), server);
    assert.deepStrictEqual(words, ['by ' + server, 'hello', 100000, 4001]);
    console.log(`its WebSocket to a server of HTTP/${server[1]}`);
  }
  assert.deepStrictEqual(said, []);
}

chromium.launchPersistentContext(profile, { executablePath: '/usr/bin/chromium', args: flags }).then(async (context) => {
  try { await main(context); } finally { await context.close(); }
}).then(() => process.exit(0), (e) => { console.log(e.stack || e); process.exit(1); });
