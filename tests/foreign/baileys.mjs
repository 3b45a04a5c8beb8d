// Baileys 7 as clients of the sandbox. See driver/run.mjs for what goes in and out; besides that
//
//   MEDIA_HOST  host and port of the sandbox's media endpoint

import * as baileys from 'baileys'
import logger from 'baileys/lib/Utils/logger.js'
import { run } from './driver/run.mjs'

// its calls for communities log to standard output, which is ours
logger.level = 'silent'

// Baileys 7 fetches history, which comes without a host, from one that it has built in
const fetched = globalThis.fetch
globalThis.fetch = (url, options) =>
  fetched(String(url).replace('https://mmg.whatsapp.net/', `https://${process.env.MEDIA_HOST}/`), options)

await run(baileys)
