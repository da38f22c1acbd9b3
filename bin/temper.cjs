#!/usr/bin/env node
// The `temper` command: the same trainer that the editor starts, bundled in dist/.
require('../dist/temper.cjs');
