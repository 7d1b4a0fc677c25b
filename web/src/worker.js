// The worker: runs the Go program, and answers one message after the other.
import 'go-wasm-exec';

const go = new Go();
const running = WebAssembly.instantiateStreaming(fetch('failover.wasm'), go.importObject).then(({ instance }) => {
  go.run(instance).then(() => self.postMessage({ ended: true }));
});

self.onmessage = async ({ data: { id, name, args } }) => {
  try {
    await running;
    self.postMessage({ id, ...JSON.parse(self.failover(name, JSON.stringify(args))) });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
};
