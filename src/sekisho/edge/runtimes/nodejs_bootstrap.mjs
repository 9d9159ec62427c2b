// Runs inside a sandbox: serves a Node.js function over the Runtime API.
//
// Answers are kept back until the next question and travel with it (one write, one wake-up on either side). While a
// handler runs, the Runtime API's socket does not keep the event loop alive, so that "beforeExit" tells when the loop is
// empty: that is when callbacks answer, unless the function says otherwise, and when a promise that will never settle
// is given up.
//
// docs: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html, runtimes-api.html

import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const env = process.env;
const API = '/2018-06-01/runtime/';
const LARGE = 1 << 20;
let requestId = '';

// -- the Runtime API

class Client {
  constructor(address) {
    const at = address.lastIndexOf(':');
    this.host = address;
    this.rest = Buffer.alloc(0);
    this.deferred = null;
    this.waiting = null;
    this.socket = net.connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), noDelay: true });
    this.socket.on('data', (data) => {
      this.rest = this.rest.length ? Buffer.concat([this.rest, data]) : data;
      this.pump();
    });
    this.socket.on('error', () => process.exit(1));
    this.socket.on('close', () => process.exit(1));
  }

  pump() {
    if (!this.waiting) return;
    const end = this.rest.indexOf('\r\n\r\n');
    if (end < 0) return;
    const lines = this.rest.toString('utf8', 0, end).split('\r\n');
    const headers = {};
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(': ');
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 2);
    }
    const stop = end + 4 + Number(headers['content-length'] || 0);
    if (this.rest.length < stop) return;
    const reply = { status: Number(lines[0].slice(9, 12)), headers, body: this.rest.toString('utf8', end + 4, stop) };
    this.rest = this.rest.subarray(stop);
    const waiting = this.waiting;
    this.waiting = null;
    waiting(reply);
  }

  read() {
    return new Promise((resolve) => {
      this.waiting = resolve;
      this.pump();
    });
  }

  async accepted() {
    const reply = await this.read();
    if (reply.status !== 202) throw new Error(`The Runtime API refused an answer: ${reply.status}`);
  }

  async next() {
    this.socket.ref();
    const question = `GET ${API}invocation/next HTTP/1.1\r\nHost: ${this.host}\r\n\r\n`;
    const deferred = this.deferred;
    this.deferred = null;
    this.socket.write(deferred ? Buffer.concat([deferred, Buffer.from(question)]) : question);
    if (deferred) await this.accepted();
    const reply = await this.read();
    if (reply.status !== 200) throw new Error(`The Runtime API gave no work: ${reply.status}`);
    this.socket.unref();
    return reply;
  }

  request(what, text) {
    const body = Buffer.from(text);
    const head = `POST ${API}${what} HTTP/1.1\r\nHost: ${this.host}\r\nContent-Type: application/json\r\n`
      + `Content-Length: ${body.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
  }

  async answer(id, text) {
    const request = this.request(`invocation/${id}/response`, text);
    if (request.length <= LARGE) {
      this.deferred = request;
      return;
    }
    await this.post(request);
  }

  async post(request) {
    this.socket.ref();
    this.socket.write(request);
    await this.accepted();
  }
}

// -- errors and the console

class RuntimeError extends Error {
  constructor(name, message, cause) {
    super(message);
    this.name = name;
    if (cause && cause.stack) this.stack = cause.stack;
  }
}

function described(error) {
  if (error instanceof Error || (error && typeof error === 'object' && 'message' in error && 'stack' in error)) {
    const trace = String(error.stack || '').split('\n');
    return { errorType: String(error.name), errorMessage: String(error.message), trace };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function line(level, text) {
  const record = `${new Date().toISOString()}\t${requestId || 'undefined'}\t${level}\t${text}`;
  fs.writeSync(1, record.replaceAll('\n', '\r') + '\n'); // a carriage return keeps a record's lines together
}

function report(title, error) {
  const { errorType, errorMessage, trace } = described(error);
  const own = error && typeof error === 'object' ? { ...error } : {};
  delete own.name;
  let text;
  try {
    text = JSON.stringify({ errorType, errorMessage, ...own, stack: trace });
  } catch {
    text = JSON.stringify({ errorType, errorMessage, stack: trace });
  }
  line('ERROR', `${title} \t${text}`);
}

for (const [method, level] of [['log', 'INFO'], ['info', 'INFO'], ['warn', 'WARN'], ['error', 'ERROR'],
  ['debug', 'DEBUG'], ['trace', 'TRACE']]) {
  console[method] = (...parts) => line(level, format(...parts));
}

// -- the handler

async function load(root, spec) {
  if (spec.includes('..')) {
    throw new RuntimeError('Runtime.MalformedHandlerName',
      `'${spec}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const base = path.basename(spec);
  const parts = /^([^.]+)\.(.+)$/.exec(base);
  if (!parts) throw new RuntimeError('Runtime.MalformedHandlerName', 'Bad handler');
  const stem = path.resolve(root, spec.slice(0, spec.length - base.length), parts[1]);
  const file = ['', '.js', '.mjs', '.cjs'].map((end) => stem + end)
    .find((name) => fs.existsSync(name) && fs.statSync(name).isFile());
  if (!file) {
    throw new RuntimeError('Runtime.ImportModuleError',
      `Error: Cannot find module '${parts[1]}'\nRequire stack:\n- ${env.LAMBDA_RUNTIME_DIR}/index.mjs`);
  }
  let found;
  try {
    found = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeError('Runtime.UserCodeSyntaxError', String(error), error);
    if (error && (error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_MODULE_NOT_FOUND')) {
      throw new RuntimeError('Runtime.ImportModuleError', String(error), error);
    }
    throw error;
  }
  const walk = (start) => parts[2].split('.').reduce((value, name) => (value == null ? value : value[name]), start);
  const handler = walk(found) ?? walk(found.default);
  if (handler === undefined || handler === null) {
    throw new RuntimeError('Runtime.HandlerNotFound', `${spec} is undefined or not exported`);
  }
  if (typeof handler !== 'function') throw new RuntimeError('Runtime.HandlerNotFound', `${spec} is not a function`);
  return handler;
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const client = headers['lambda-runtime-client-context'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client ? JSON.parse(client) : undefined,
    identity: undefined,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
  };
}

/** Run the handler: resolves to its value, rejects with its error. */
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    let called = null;
    const conclude = () => {
      process.removeListener('beforeExit', conclude);
      if (called && called.error !== undefined && called.error !== null) reject(called.error);
      else resolve(called ? called.value : null);
    };
    const callback = (error, value) => {
      if (called) return;
      called = { error, value };
      if (!context.callbackWaitsForEmptyEventLoop || called.error) setImmediate(conclude);
    };
    context.done = callback;
    context.succeed = (value) => callback(null, value);
    context.fail = (error) => callback(error ?? 'null');
    process.on('beforeExit', conclude);
    const settle = (end) => (value) => {
      process.removeListener('beforeExit', conclude);
      end(value);
    };
    try {
      const result = handler(event, context, callback);
      if (result && typeof result.then === 'function') result.then(settle(resolve), settle(reject));
    } catch (error) {
      settle(reject)(error);
    }
  });
}

async function serve(client, handler) {
  for (;;) {
    const { headers, body } = await client.next();
    requestId = headers['lambda-runtime-aws-request-id'];
    const trace = headers['lambda-runtime-trace-id'];
    if (trace) env._X_AMZN_TRACE_ID = trace;
    else delete env._X_AMZN_TRACE_ID;
    const id = requestId;
    try {
      const value = await run(handler, JSON.parse(body), contextOf(headers));
      let text;
      try {
        text = JSON.stringify(value === undefined ? null : value) ?? 'null';
      } catch {
        throw new RuntimeError('Runtime.StringifyError', 'Unable to stringify response body');
      }
      await client.answer(id, text);
    } catch (error) {
      report('Invoke Error', error);
      await client.post(client.request(`invocation/${id}/error`, JSON.stringify(described(error))));
    }
  }
}

async function main() {
  const client = new Client(env.AWS_LAMBDA_RUNTIME_API);
  const die = (title, code) => async (error) => {
    const where = requestId ? `invocation/${requestId}/error` : 'init/error';
    report(title, error);
    try {
      await client.post(client.request(where, JSON.stringify(described(error))));
    } finally {
      process.exit(code);
    }
  };
  process.on('uncaughtException', die('Uncaught Exception', 129));
  process.on('unhandledRejection', (reason) => {
    const error = new RuntimeError('Runtime.UnhandledPromiseRejection', String(reason), reason);
    error.reason = described(reason);
    return die('Unhandled Promise Rejection', 128)(error);
  });
  let handler;
  try {
    handler = await load(env.LAMBDA_TASK_ROOT, process.argv[2]);
  } catch (error) {
    await die('Uncaught Exception', 1)(error);
    return;
  }
  await serve(client, handler);
}

main();
