// gRPC as a client of @grpc/grpc-js sees it through the proxy.  usage: node rpc.js H2C-ADDRESS TLS-ADDRESS CA PID-OF-SLUICE STDIN-OF-s2; prints a
// sentence for each step that held.
const grpc = require('@grpc/grpc-js');
const assert = require('assert');
const fs = require('fs');
const { definition } = require('./service');
const [clear, tls, ca, pid, health] = process.argv.slice(2);
const Client = grpc.makeGenericClientConstructor(definition, 'Echo');
const options = { 'grpc.max_receive_message_length': 64 << 20, 'grpc.ssl_target_name_override': 'rpc.example.org', 'grpc.use_local_subchannel_pool': 1 };
const credentials = { [clear]: grpc.credentials.createInsecure(), [tls]: grpc.credentials.createSsl(fs.readFileSync(ca)) };
const open = (at) => new Client(at, credentials[at], options);
const soon = () => ({ deadline: Date.now() + 20000 });
const rest = (ms) => new Promise((r) => setTimeout(r, ms));

const call = (c, method, message, md = new grpc.Metadata(), opts = soon()) => new Promise((done) => {
  const out = {};
  const call = c[method](message, md, opts, (error, reply) => { out.error = error; out.reply = reply; });
  call.on('metadata', (m) => { out.head = m; });
  call.on('status', (s) => { out.status = s; setImmediate(() => done(out)); });
  out.call = call;
});
const stream = (s) => new Promise((done) => {
  const out = { messages: 0, chars: 0 };
  s.on('data', (m) => { assert.ok(m.n === undefined || m.n === out.messages); out.messages++; out.chars += m.text.length; out.server = m.server; });
  s.on('error', () => {});
  s.on('status', (st) => { out.status = st; setImmediate(() => done(out)); });
});
const until = async (what, test) => {
  for (let end = Date.now() + 15000; Date.now() < end;) { if (await test()) return; await rest(50); }
  throw new Error('waited in vain: ' + what);
};
const seen = async (c, what) => {
  const by = {};
  for (let i = 0; i < 3; i++) { const { reply } = await call(c, 'Seen', {}); by[reply.server] = reply[what]; }
  return by.s1 + by.s2 + by.s3;
};

async function kinds(c, where) {
  const md = new grpc.Metadata();
  md.set('x-echo', 'a b'); md.add('x-echo-bin', Buffer.from([0, 255, 10]));
  const one = await call(c, 'Say', { text: 'hello' }, md);
  assert.strictEqual(one.reply.text, 'hello');
  assert.deepStrictEqual(one.head.get('x-echo'), ['a b']);
  assert.deepStrictEqual(one.head.get('x-echo-bin'), [Buffer.from([0, 255, 10])]);
  assert.deepStrictEqual(one.status.metadata.get('x-trailer'), ['by ' + one.reply.server]);
  console.log(`${where}: a unary call with metadata before and behind it`);

  const big = 'y'.repeat(3 << 20);
  assert.strictEqual((await call(c, 'Say', { text: big })).reply.text, big);
  console.log(`${where}: messages of 3 MiB both ways`);

  const collected = await new Promise((done, fail) => {
    const s = c.Collect(new grpc.Metadata(), soon(), (e, r) => (e ? fail(e) : done(r)));
    for (let i = 0; i < 2000; i++) s.write({ text: 'z'.repeat(500) });
    s.end();
  });
  assert.deepStrictEqual([collected.count, collected.chars], [2000, 1000000]);
  console.log(`${where}: a stream of the client's`);

  const expanded = await stream(c.Expand({ count: 2000, size: 500 }, new grpc.Metadata(), soon()));
  assert.deepStrictEqual([expanded.messages, expanded.status.code], [2000, 0]);
  assert.deepStrictEqual(expanded.status.metadata.get('x-trailer'), ['by ' + expanded.server]);
  console.log(`${where}: a stream of the server's`);

  const t = c.Talk(new grpc.Metadata(), soon());
  const ended = stream(t);
  for (let i = 0; i < 200; i++) { const back = new Promise((r) => t.once('data', r)); t.write({ n: i, text: 'ping' }); assert.strictEqual((await back).n, i); }
  t.end();
  assert.deepStrictEqual([(await ended).messages, (await ended).status.code], [200, 0]);
  console.log(`${where}: both at once, each message waits for the other side`);
}

async function ends(c) {
  const failed = await call(c, 'Say', { code: 9, details: 'not now: 50 % \u00fc' });
  assert.deepStrictEqual([failed.error.code, failed.error.details], [9, 'not now: 50 % \u00fc']);
  assert.ok(failed.error.metadata.get('x-trailer').length);
  console.log('an error with its details and metadata');

  const before = await seen(c, 'cancelled');
  const late = await call(c, 'Say', { text: 'x', sleep: 5000 }, new grpc.Metadata(), { deadline: Date.now() + 300 });
  assert.strictEqual(late.error.code, grpc.status.DEADLINE_EXCEEDED);
  await until('the server to hear of the deadline', async () => (await seen(c, 'cancelled')) > before);
  assert.ok(await seen(c, 'deadline') > 0);
  console.log('a deadline ends a call on both sides');

  const had = await seen(c, 'cancelled');
  const s = c.Expand({ count: 1000000, size: 1000 }, new grpc.Metadata(), soon());
  const over = stream(s);
  await new Promise((r) => s.once('data', r));
  s.cancel();
  assert.strictEqual((await over).status.code, grpc.status.CANCELLED);
  await until('the server to hear of it', async () => (await seen(c, 'cancelled')) > had);
  console.log('a call that is cancelled in the middle ends at the server');

  const denied = await call(c, 'Say', { text: 'x' }, Object.assign(new grpc.Metadata(), {}), soon());
  assert.strictEqual(denied.error, null);
  const md = new grpc.Metadata();
  md.set('x-deny', '1');
  assert.strictEqual((await call(c, 'Say', { text: 'x' }, md)).error.code, grpc.status.PERMISSION_DENIED);
  md.set('x-deny', 'nowhere');
  assert.strictEqual((await call(c, 'Say', { text: 'x' }, md)).error.code, grpc.status.UNAVAILABLE);
  console.log('what a rule denies and what finds no server is told in its terms');
}

const servers = async (c, n) => {
  const count = {};
  for (let i = 0; i < n; i++) { const r = await call(c, 'Say', { text: 'x' }); if (r.error) throw r.error; count[r.reply.server] = (count[r.reply.server] || 0) + 1; }
  return count;
};

async function balance(c) {
  assert.deepStrictEqual(await servers(c, 30), { s1: 10, s2: 10, s3: 10 });
  console.log('the calls of one connection go to all servers in turn');
  fs.appendFileSync(health, 'not serving\n');
  await until('the check to see it', async () => !(await servers(c, 6)).s2);
  assert.deepStrictEqual(await servers(c, 20), { s1: 10, s3: 10 });
  fs.appendFileSync(health, 'serving\n');
  await until('the check to see it', async () => (await servers(c, 6)).s2);
  console.log('a server whose health says NOT_SERVING gets no calls until it serves again');
}

async function reload() {
  const c = open(clear), d = open(tls);
  const long = [stream(c.Expand({ count: 150, size: 100, every: 20 }, new grpc.Metadata(), soon())), stream(d.Expand({ count: 150, size: 100, every: 20 }, new grpc.Metadata(), soon()))];
  const t = d.Talk(new grpc.Metadata(), soon());
  const talk = stream(t);
  t.write({ n: 0, text: 'before' });
  await new Promise((r) => t.once('data', r));
  let failed = 0, n = 0, over = false;
  const busy = Promise.all([c, d, c, d].map(async (one) => { while (!over) { n++; if ((await call(one, 'Say', { text: 'x' })).error) failed++; } }));
  for (let i = 0; i < 3; i++) { process.kill(+pid, 'SIGHUP'); await rest(700); t.write({ n: i + 1, text: 'between' }); }
  for (const s of await Promise.all(long)) assert.deepStrictEqual([s.messages, s.status.code], [150, 0]);
  t.end();
  assert.deepStrictEqual([(await talk).messages, (await talk).status.code], [4, 0]);
  over = true;
  await busy;
  assert.strictEqual(failed, 0);
  assert.ok(n > 100);
  console.log('three reloads: streams end on the generation that began them, no call in between fails');
  c.close(); d.close();
}

async function main() {
  const c = open(clear), d = open(tls);
  await until('the servers to be up', async () => !(await call(c, 'Say', { text: 'x' })).error);
  await kinds(c, 'h2c');
  await kinds(d, 'TLS');
  await ends(c);
  await balance(c);
  c.close(); d.close();
  await reload();
}
main().then(() => process.exit(0), (e) => { console.log(e.stack || e); process.exit(1); });
