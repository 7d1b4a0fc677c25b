// The real YAML language server, as an editor runs it.
import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import rpc from 'vscode-jsonrpc/node.js';

// start starts a server with settings as an editor has them for YAML, and returns what an
// editor does with it, when the server knows the schema of FailoverSpec.
export async function start(settings) {
  const command = fileURLToPath(new URL('node_modules/yaml-language-server/bin/yaml-language-server', import.meta.url));
  const child = spawn(process.execPath, [command, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = rpc.createMessageConnection(new rpc.StreamMessageReader(child.stdout), new rpc.StreamMessageWriter(child.stdin));
  const diagnosed = new Map();
  connection.onNotification('textDocument/publishDiagnostics', ({ uri, diagnostics }) => diagnosed.get(uri)?.(diagnostics));
  connection.onRequest('workspace/configuration', ({ items }) => items.map(({ section }) => (section === 'yaml' ? settings : {})));
  connection.onRequest('client/registerCapability', () => null);
  connection.listen();
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: {
      workspace: { configuration: true },
      textDocument: {
        completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } },
        hover: { contentFormat: ['markdown'] },
        publishDiagnostics: {},
      },
    },
  });
  await connection.sendNotification('initialized', {});
  await connection.sendNotification('workspace/didChangeConfiguration', { settings: { yaml: settings } });

  let opened = 0;
  // open opens a file of a name with a text in which | is the cursor, where there is one.
  async function open(marked, name = 'shop.failover.yaml') {
    const at = marked.indexOf('|');
    const text = at < 0 ? marked : marked.slice(0, at) + marked.slice(at + 1);
    const before = marked.slice(0, Math.max(at, 0)).split('\n');
    const uri = `file:///specs/${++opened}/${name}`;
    const diagnostics = new Promise((resolve) => diagnosed.set(uri, resolve));
    await connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'yaml', version: 1, text } });
    const where = { textDocument: { uri }, position: { line: before.length - 1, character: before.at(-1).length } };
    return { text, where, diagnostics };
  }

  const server = {
    async complete(marked, name) {
      const { where } = await open(marked, name);
      return (await connection.sendRequest('textDocument/completion', where)).items;
    },
    async hover(marked) {
      const { where } = await open(marked);
      return (await connection.sendRequest('textDocument/hover', where))?.contents.value;
    },
    async diagnose(text, name) {
      const { diagnostics } = await open(text, name);
      return diagnostics;
    },
    stop() {
      connection.dispose();
      child.kill();
    },
  };
  for (let tries = 0; !(await server.hover('ki|nd: FailoverSpec\n')); tries++) {
    if (tries === 100) throw new Error('the server has not found the schema');
    await setTimeout(100);
  }
  return server;
}

// accepted is the text of a completion when its placeholders stay as they are.
export const accepted = (item) => {
  const text = item.textEdit?.newText ?? item.insertText;
  return text.replace(/\$\{\d+:([^}]*)\}/g, '$1').replace(/\$\{?\d+\}?/g, '');
};
