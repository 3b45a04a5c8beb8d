// Who one is to others, and who others are.

import { createHash } from 'node:crypto'
import { get } from 'node:https'
import { join } from 'node:path'

export const set_name = (account, { name }) => account.socket.updateProfileName(name)

export const set_about = (account, { text }) => account.socket.updateProfileStatus(text)

export const about = async (account, { who }) => {
  const [found] = await account.socket.fetchStatus(who)
  return { text: found?.status?.status ?? null }
}

export const set_picture = (account, { of, file }) =>
  file
    ? account.socket.updateProfilePicture(of, { url: join(process.env.FILES, file.sha256) })
    : account.socket.removeProfilePicture(of)

export const picture = async (account, { of }) => {
  const url = await account.socket.profilePictureUrl(of, 'image')
  return { sha256: url ? createHash('sha256').update(await fetched(url)).digest('hex') : null }
}

const fetched = url =>
  new Promise((done, failed) => {
    const request = get(url, answer => {
      if (answer.statusCode !== 200) return failed(new Error(`${url}: ${answer.statusCode}`))
      const parts = []
      answer.on('data', part => parts.push(part)).on('end', () => done(Buffer.concat(parts)))
    })
    request.on('error', failed)
  })

export const block = (account, { who, on }) => account.socket.updateBlockStatus(who, on ? 'block' : 'unblock')

export const blocked = async account => ({ who: await account.socket.fetchBlocklist() })

export const privacy = async account => ({ settings: await account.socket.fetchPrivacySettings(true) })

const setters = {
  last: 'updateLastSeenPrivacy',
  online: 'updateOnlinePrivacy',
  profile: 'updateProfilePicturePrivacy',
  status: 'updateStatusPrivacy',
  readreceipts: 'updateReadReceiptsPrivacy',
  groupadd: 'updateGroupsAddPrivacy',
  messages: 'updateMessagesPrivacy',
  calladd: 'updateCallPrivacy'
}

export const set_privacy = (account, { setting, value }) => account.socket[setters[setting]](value)

export const disappearing = async (account, { who }) => {
  const [found] = await account.socket.fetchDisappearingDuration(who)
  return { seconds: found?.disappearing_mode?.duration }
}

export const set_disappearing = (account, { seconds }) => account.socket.updateDefaultDisappearingMode(seconds)
