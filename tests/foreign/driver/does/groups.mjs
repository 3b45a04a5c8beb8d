// Groups.

export const new_group = async (account, { subject, members }) => {
  const { id } = await account.socket.groupCreate(subject, members)
  return { group: id }
}

export const group = async (account, { group }) => shown(await account.socket.groupMetadata(group))

export const groups = async account => ({ groups: Object.keys(await account.socket.groupFetchAllParticipating()) })

const setters = {
  subject: (socket, group, { text }) => socket.groupUpdateSubject(group, text),
  description: (socket, group, { text }) => socket.groupUpdateDescription(group, text),
  announcement: (socket, group, { on }) => socket.groupSettingUpdate(group, on ? 'announcement' : 'not_announcement'),
  locked: (socket, group, { on }) => socket.groupSettingUpdate(group, on ? 'locked' : 'unlocked'),
  disappearing: (socket, group, { seconds }) => socket.groupToggleEphemeral(group, seconds),
  approval: (socket, group, { on }) => socket.groupJoinApprovalMode(group, on ? 'on' : 'off'),
  members_add: (socket, group, { on }) => socket.groupMemberAddMode(group, on ? 'all_member_add' : 'admin_add')
}

export const set_group = (account, { group, setting }) => setters[setting.setting](account.socket, group, setting)

export const members = async (account, { group, act, who }) => {
  const results = await account.socket.groupParticipantsUpdate(group, who, act)
  return { refused: results.filter(({ status }) => status !== '200').map(({ jid, status }) => ({ who: jid, code: status })) }
}

export const leave = (account, { group }) => account.socket.groupLeave(group)

export const invite = async (account, { group, fresh }) => {
  const { socket } = account
  return { code: fresh ? await socket.groupRevokeInvite(group) : await socket.groupInviteCode(group) }
}

export const invited = async (account, { code }) => shown(await account.socket.groupGetInviteInfo(code))

// Baileys does not read that one has to wait
export const join = async (account, { code }) => {
  const group = await account.socket.groupAcceptInvite(code)
  return { group: group ?? '', waits: !group }
}

export const requests = async (account, { group }) => {
  const waiting = await account.socket.groupRequestParticipantsList(group)
  return { who: waiting.map(({ jid }) => jid) }
}

export const decide = (account, { group, who, admit }) =>
  account.socket.groupRequestParticipantsUpdate(group, who, admit ? 'approve' : 'reject')

const shown = group => ({
  id: group.id,
  subject: group.subject,
  description: group.desc ?? null,
  announcement: Boolean(group.announce),
  locked: Boolean(group.restrict),
  disappearing: group.ephemeralDuration ?? 0,
  approval: Boolean(group.joinApprovalMode),
  community: Boolean(group.isCommunity),
  parent: group.linkedParent ?? null,
  news: Boolean(group.isCommunityAnnounce),
  members: group.participants.map(({ id, admin }) => ({ id, admin }))
})
