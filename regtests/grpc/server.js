// A gRPC server with the health service.  usage: node server.js NAME PORT [CERT KEY]; a line "serving" or "not serving" on stdin sets its health.
const grpc = require('@grpc/grpc-js');
const fs = require('fs');
const { HealthImplementation } = require('grpc-health-check');
const { definition } = require('./service');
const [name, port, cert, key] = process.argv.slice(2);
const seen = { calls: 0, cancelled: 0, deadline: 0 };

function begin(call) {
  seen.calls++;
  if (Number.isFinite(+call.getDeadline())) seen.deadline++;
  call.on('cancelled', () => { if (!call.over) seen.cancelled++; }); // said of every call when it is over
  const md = new grpc.Metadata();
  md.set('server', name);
  for (const v of call.metadata.get('x-echo')) md.add('x-echo', v);
  for (const v of call.metadata.get('x-echo-bin')) md.add('x-echo-bin', v);
  call.sendMetadata(md);
}

function trailer(call) {
  call.over = true;
  const md = new grpc.Metadata();
  md.set('x-trailer', 'by ' + name);
  return md;
}

const echo = {
  Say(call, done) {
    begin(call);
    const { text, sleep, code, details } = call.request;
    setTimeout(() => (code ? done({ code, details, metadata: trailer(call) }) : done(null, { text, server: name }, trailer(call))), sleep || 0);
  },
  Collect(call, done) {
    begin(call);
    const sum = { count: 0, chars: 0, server: name };
    call.on('data', (m) => { sum.count++; sum.chars += m.text.length; });
    call.on('end', () => done(null, sum, trailer(call)));
  },
  Expand(call) {
    begin(call);
    const { count, size, every } = call.request;
    let n = 0;
    const next = () => {
      while (n < count && !call.cancelled) {
        const room = call.write({ n: n++, text: 'x'.repeat(size), server: name });
        if (every) return setTimeout(next, every);
        if (!room) return call.once('drain', next);
      }
      if (!call.cancelled) call.end(trailer(call));
    };
    next();
  },
  Talk(call) {
    begin(call);
    call.on('data', (m) => call.write({ ...m, server: name }));
    call.on('end', () => call.end(trailer(call)));
    call.on('error', () => {});
  },
  Seen(call, done) { done(null, { ...seen, server: name }); },
};

const server = new grpc.Server({ 'grpc.max_receive_message_length': 64 << 20 });
const health = new HealthImplementation({ '': 'SERVING' });
server.addService(definition, echo);
health.addToServer(server);
const creds = cert ? grpc.ServerCredentials.createSsl(null, [{ cert_chain: fs.readFileSync(cert), private_key: fs.readFileSync(key) }])
  : grpc.ServerCredentials.createInsecure();
server.bindAsync(`127.0.0.1:${port}`, creds, (e) => { if (e) { console.error(e); process.exit(1); } });
process.stdin.on('data', (d) => health.setStatus('', String(d).startsWith('not') ? 'NOT_SERVING' : 'SERVING'));
