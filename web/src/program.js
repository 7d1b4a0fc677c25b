// Calls to the Go program in its worker.

let worker;
let calls = new Map();
let next = 1;

// start takes the worker that the page began with, or starts one. Where the program ends,
// all that waits fails, and the next call starts it again.
function start() {
  worker = globalThis.started ?? new Worker('worker.js');
  globalThis.started = undefined;
  worker.onmessage = ({ data: { id, result, error, ended } }) => {
    if (ended) return fail('the program ended');
    const call = calls.get(id);
    calls.delete(id);
    if (error) call?.reject(new Error(error));
    else call?.resolve(result);
  };
  worker.onerror = (event) => fail(event.message || 'the program could not be loaded');
}

function fail(message) {
  worker.terminate();
  worker = undefined;
  for (const { reject } of calls.values()) reject(new Error(message));
  calls = new Map();
}

start();

// call asks the program, and promises its answer.
export function call(name, args = {}) {
  if (!worker) start();
  return new Promise((resolve, reject) => {
    const id = next++;
    calls.set(id, { resolve, reject });
    worker.postMessage({ id, name, args });
  });
}

// latest returns a function that runs a task, again when it is called while it runs, once,
// however often that was: what is shown is always about the last state. The second
// function tells whether it runs. After all is done, it calls done.
export function latest(task, done) {
  let running = false;
  let again = false;
  const run = async () => {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      await task(() => again);
    }
    running = false;
    done();
  };
  return [run, () => running];
}
