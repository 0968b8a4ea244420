// Makes the VSIX for this platform with the server in it: `REDLINE_BIN`, else a release build of this checkout.
// `--out FILE` names it; `--target` other than this platform needs REDLINE_BIN for that one.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const extension = fileURLToPath(new URL('..', import.meta.url));
const repository = path.join(extension, '..', '..');
const argument = (name) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const target = argument('--target') ?? `${process.platform}-${process.arch}`;
const name = target.startsWith('win32') ? 'redline.exe' : 'redline';

function releaseBuild() {
  const cargo = ['build', '--release', '--locked', '--package', 'redline', '--message-format=json'];
  const messages = execFileSync('cargo', cargo, {
    cwd: repository,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const built = messages
    .split('\n')
    .filter((line) => line.includes('"executable":"'))
    .map((line) => JSON.parse(line).executable);
  return built.at(-1);
}

const binary = process.env.REDLINE_BIN ?? releaseBuild();
rmSync(path.join(extension, 'server'), { recursive: true, force: true });
mkdirSync(path.join(extension, 'server'));
copyFileSync(binary, path.join(extension, 'server', name));
chmodSync(path.join(extension, 'server', name), 0o755);
for (const license of ['LICENSE-MIT', 'LICENSE-APACHE']) {
  copyFileSync(path.join(repository, license), path.join(extension, license));
}
const out = path.resolve(argument('--out') ?? path.join(extension, `redline-${target}.vsix`));
const vsce = path.join(extension, 'node_modules', '@vscode', 'vsce', 'vsce');
execFileSync(
  process.execPath,
  [
    vsce,
    'package',
    '--no-dependencies',
    '--target',
    target,
    '--out',
    out,
    '--skip-license',
    '--allow-missing-repository',
  ],
  { cwd: extension, stdio: 'inherit' },
);
