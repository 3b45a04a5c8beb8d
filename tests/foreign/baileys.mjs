// Baileys 7 as clients of the sandbox. See driver/run.mjs for what goes in and out.

import * as baileys from 'baileys'
import logger from 'baileys/lib/Utils/logger.js'
import { run } from './driver/run.mjs'

// its calls for communities log to standard output, which is ours
logger.level = 'silent'

await run(baileys)
