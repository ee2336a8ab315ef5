// What a person does with the statistics page. usage: node page.js URL URL-OF-MANY-SERVERS SCREENSHOT; prints a sentence for each step that held.
const { chromium } = require('playwright-core');
const assert = require('assert');
const [url, many, shot] = process.argv.slice(2);
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const names = (page, px) => page.$$eval(`section[data-name=${px}] tbody.srv tr`, (rows) => rows.map((r) => r.querySelector('td.n').textContent));
const state = (page, px, srv) => page.$eval(`section[data-name=${px}] tr[data-k^="${srv} "] td.s`, (td) => td.textContent);
const until = async (what, test) => {
  for (let end = Date.now() + 15000; Date.now() < end;) {
    if (await test()) return;
    await new Promise((r) => setTimeout(r, 50));
  }
  throw new Error('waited in vain: ' + what);
};

async function main(browser) {
  const page = await browser.newPage({ viewport: { width: 1680, height: 760 } });
  const said = [];
  page.on('console', (m) => said.push(m.text()));
  page.on('pageerror', (e) => said.push(e.message));
  const outside = [];
  page.on('request', (r) => { if (!r.url().startsWith(url)) outside.push(r.url()); });
  let loads = 0;
  page.on('load', () => loads++);

  await page.goto(url);
  assert.match(await page.title(), /edge-1/);
  assert.deepStrictEqual(await page.$$eval('section', (s) => s.map((x) => x.dataset.name)), ['web', 'app', 'static']);
  console.log('the page renders a table for each proxy');

  await until('the check of app3', async () => (await state(page, 'app', 'app3')).startsWith('DOWN'));
  assert.strictEqual(loads, 1);
  console.log('it follows changes without being loaded again');

  await page.screenshot({ path: shot });
  await page.click('section[data-name=app] tr.c th:text-is("Name")');
  assert.deepStrictEqual(await names(page, 'app'), ['app1', 'app2', 'app3', 'spare']);
  await page.click('section[data-name=app] tr.c th:text-is("Name")');
  assert.deepStrictEqual(await names(page, 'app'), ['spare', 'app3', 'app2', 'app1']);
  await page.click('section[data-name=app] tr.c th:text-is("Weight")');
  assert.strictEqual((await names(page, 'app'))[3], 'app2');
  console.log('a click on a head sorts by its column, another one the other way round');

  await page.fill('#filter', 'app down');
  const shown = () => page.$$eval('tbody tr', (rows) => rows.filter((r) => r.offsetParent).map((r) => r.dataset.k.split(' ')[0]));
  assert.deepStrictEqual(await shown(), ['app3']);
  await page.fill('#filter', '');
  console.log('the filter leaves the rows that have all its words');

  await page.click('button[value="drain app1"]');
  await until('app1 to drain', async () => (await state(page, 'app', 'app1')).startsWith('DRAIN'));
  assert.match(await page.textContent('body'), /drain/);
  await page.click('button[value="ready app1"]');
  await until('app1 to come back', async () => (await state(page, 'app', 'app1')).startsWith('UP'));
  assert.strictEqual(loads, 1);
  console.log('a click drains a server, another one brings it back');

  await page.check('section[data-name=static] input.all');
  await page.selectOption('section[data-name=static] select[name=action]', 'maint');
  await page.click('section[data-name=static] .act button');
  await until('static to be in maintenance', async () => (await state(page, 'static', 's1')) === 'MAINT' && (await state(page, 'static', 's2')) === 'MAINT');
  console.log('an order goes to all servers that are ticked');

  const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await plain.goto(url);
  assert.strictEqual(await plain.$$eval('section', (s) => s.length), 3);
  await plain.check('section[data-name=static] input[name=s][value=s1]');
  await plain.click('section[data-name=static] .act button');
  assert.match(plain.url(), /;st=DONE$/);
  assert.match(await plain.textContent('.msg'), /Done/);
  await until('s1 without scripts', async () => (await state(page, 'static', 's1')).startsWith('UP'));
  console.log('everything but sorting and filtering works without scripts');

  const crowd = await browser.newPage();
  await crowd.goto(many);
  assert.strictEqual(await crowd.$$eval('tbody.srv tr', (r) => r.length), 2000);
  await crowd.fill('#filter', 'n1999');
  assert.strictEqual(await crowd.$$eval('tbody.srv tr', (r) => r.filter((x) => x.offsetParent).length), 1);
  console.log('two thousand servers are shown and filtered');

  assert.deepStrictEqual(outside, []);
  assert.deepStrictEqual(said, []);
  console.log('nothing comes from elsewhere, and the browser has nothing to complain about');
}

chromium.launch({ executablePath: '/usr/bin/chromium', args: flags }).then(async (browser) => {
  try { await main(browser); } finally { await browser.close(); }
}).catch((e) => { console.log(e.stack || e); process.exit(1); });
