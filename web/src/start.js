// Loads the program while the rest of the page is still on its way.
globalThis.started = new Worker('worker.js');
