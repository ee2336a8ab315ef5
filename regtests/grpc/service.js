// The service that server and client share. Messages are JSON: what is in them is nobody's business on the way.
const pack = (v) => Buffer.from(JSON.stringify(v));
const unpack = (b) => JSON.parse(b.toString());
const method = (path, requestStream, responseStream) =>
  ({ path, requestStream, responseStream, requestSerialize: pack, requestDeserialize: unpack, responseSerialize: pack, responseDeserialize: unpack });

exports.definition = {
  Say: method('/test.Echo/Say', false, false),          // {text, sleep, code, details}: the same text, later, or an error
  Collect: method('/test.Echo/Collect', true, false),   // the number of messages and of their characters
  Expand: method('/test.Echo/Expand', false, true),     // {count, size, every}: so many messages, one each so many ms
  Talk: method('/test.Echo/Talk', true, true),          // each message back
  Seen: method('/test.Echo/Seen', false, false),        // what this server has seen: calls, cancelled, deadline
};
