// usage: node runone.mjs out file...   bundles given test files and runs mocha
import * as esbuild from 'esbuild'; import { spawnSync } from 'node:child_process'; import {nodeBundle, root} from '/work/main/scripts/build.mjs';
const files=process.argv.slice(2).filter(a=>!a.startsWith('--')), rest=process.argv.slice(2).filter(a=>a.startsWith('--'));
const out=root+'/out/test/mine-'+process.pid+'.cjs';
await esbuild.build({...nodeBundle, stdin:{contents:files.map(f=>`import './${f}';`).join('\n'),resolveDir:root,loader:'ts'},outfile:out,sourcemap:'inline',external:[...nodeBundle.external,'mocha','esbuild']});
const r=spawnSync(process.execPath,['--enable-source-maps',root+'/node_modules/mocha/bin/mocha.js','--timeout','60000',...rest,out],{cwd:root,stdio:'inherit'});
import {rmSync} from 'node:fs'; rmSync(out); process.exit(r.status??1);
