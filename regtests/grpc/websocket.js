// WebSocket through the proxy with `ws` on both ends, which speaks HTTP/1; over HTTP/2 its frames travel on a stream of node's own http2.
//   node websocket.js serve PORT-H1 PORT-H2
//   node websocket.js CLEAR-ADDRESS TLS-ADDRESS CA PID-OF-SLUICE      prints a sentence for each step that held
const WebSocket = require('ws');
const assert = require('assert');
const fs = require('fs');
const http2 = require('http2');
const rest = (ms) => new Promise((r) => setTimeout(r, ms));

// A stream of HTTP/2 as the socket of a WebSocket.
function over(stream, server) {
  const ws = new WebSocket(null, undefined, { autoPong: true, closeTimeout: 5000 });
  ws._isServer = server;
  ws.setSocket(stream, Buffer.alloc(0), { allowSynchronousEvents: true, maxPayload: 64 << 20, skipUTF8Validation: false });
  return ws;
}

function serve(h1, h2) {
  const talk = (ws, how) => {
    ws.send('by ' + how);
    ws.on('message', (m, binary) => (String(m) === 'close' ? ws.close(4001, 'as you like') : ws.send(m, { binary })));
    ws.on('error', () => {});
  };
  new WebSocket.Server({ host: '127.0.0.1', port: +h1, maxPayload: 64 << 20, perMessageDeflate: { threshold: 0 } }).on('connection', (ws) => talk(ws, 'h1'));
  http2.createServer({ settings: { enableConnectProtocol: true } }).on('stream', (s, h) => {
    s.on('error', () => {});
    if (h[':method'] !== 'CONNECT' || h[':protocol'] !== 'websocket') { s.respond({ ':status': 400 }); s.end(); return; }
    s.respond({ ':status': 200 });
    talk(over(s, true), 'h2');
  }).listen(+h2, '127.0.0.1');
}

const opened = (ws) => new Promise((done, fail) => { ws.once('message', (m) => done(String(m))); ws.once('error', fail); ws.once('close', () => fail(new Error('closed'))); });
const answer = (ws) => new Promise((done) => ws.once('message', (m, binary) => done(binary ? m : String(m))));
const closed = (ws) => new Promise((done) => ws.once('close', (code, why) => done([code, String(why)])));

function clients(clear, tls, ca) {
  const pem = fs.readFileSync(ca);
  const h1 = (at, secure) => (path) => new WebSocket(`${secure ? 'wss' : 'ws'}://${at}${path}`, { ca: pem, servername: 'rpc.example.org', perMessageDeflate: path.includes('h1') });
  const sessions = [];
  const h2 = (at, secure) => async (path) => {
    const session = http2.connect(`${secure ? 'https' : 'http'}://${at}`, { ca: pem, servername: 'rpc.example.org' });
    sessions.push(session);
    await new Promise((done, fail) => { session.once('remoteSettings', done); session.once('error', fail); });
    assert.ok(session.remoteSettings.enableConnectProtocol);
    const s = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': secure ? 'https' : 'http', ':path': path, ':authority': 'h', 'sec-websocket-version': '13' },
      { endStream: false });
    s.on('error', () => {});
    assert.strictEqual(await new Promise((done) => s.once('response', (h) => done(h[':status']))), 200);
    return over(s, false);
  };
  return { all: { 'HTTP/1': h1(clear, false), 'HTTP/1 in TLS': h1(tls, true), 'HTTP/2': h2(clear, false), 'HTTP/2 in TLS': h2(tls, true) }, sessions };
}

async function converse(ws, server) {
  assert.strictEqual(await opened(ws), 'by ' + server);
  for (const text of ['hello', '\u00fc', 'x'.repeat(70000)]) { const a = answer(ws); ws.send(text); assert.strictEqual(await a, text); }
  const big = Buffer.alloc(2 << 20, 7), a = answer(ws);
  ws.send(big);
  assert.ok(big.equals(await a));
  let got = 0;
  const all = new Promise((done) => ws.on('message', () => (++got === 1000 ? done() : 0)));
  for (let i = 0; i < 1000; i++) ws.send('m' + i);
  await all;
  const pong = new Promise((done) => ws.once('pong', done));
  ws.ping();
  await pong;
  const end = closed(ws);
  ws.send('close');
  assert.deepStrictEqual(await end, [4001, 'as you like']);
}

async function main(clear, tls, ca, pid) {
  const { all, sessions } = clients(clear, tls, ca);
  for (const [name, open] of Object.entries(all)) {
    for (const server of ['h1', 'h2']) {
      await converse(await open('/ws/' + server), server);
      console.log(`${name} to a server of HTTP/${server[1]}: messages of all sizes, ping, the code of the close`);
    }
  }
  const kept = [];
  for (const open of Object.values(all)) for (const server of ['h1', 'h2']) { const ws = await open('/ws/' + server); await opened(ws); kept.push(ws); }
  for (let i = 0; i < 2; i++) {
    process.kill(+pid, 'SIGHUP');
    await rest(700);
    for (const ws of kept) { const a = answer(ws); ws.send('still ' + i); assert.strictEqual(await a, 'still ' + i); }
  }
  console.log('reloads leave what is open alone');
  const silent = kept.map(closed), living = await all['HTTP/1']('/ws/h1');
  await opened(living);
  const beat = setInterval(() => living.ping(), 300);
  for (const [code] of await Promise.all(silent)) assert.ok(code === 1006, String(code));
  assert.strictEqual(living.readyState, WebSocket.OPEN);
  clearInterval(beat);
  console.log('timeout tunnel ends the silent ones and not one that is pinged');
  for (const s of sessions) s.destroy();
}

const args = process.argv.slice(2);
if (args[0] === 'serve') serve(args[1], args[2]);
else main(...args).then(() => process.exit(0), (e) => { console.log(e.stack || e); process.exit(1); });
