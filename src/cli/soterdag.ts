#!/usr/bin/env node
import { runDagTool } from '../node/dag-tool/run.ts';

process.exitCode = await runDagTool(process.argv.slice(2));
