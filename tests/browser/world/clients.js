// The applications that send people to the server. All of them live at one small server of ours, each with its own path.

export const clients = {
  portal: { name: 'Looking-Glass Portal', kind: 'confidential', secret: 'portal-secret' },
  printer: { name: 'Postcard Printer', kind: 'confidential', secret: 'printer-secret' },
  notebook: { name: 'Notebook', kind: 'native' },
  stranger: { name: "Somebody's App", kind: 'confidential', secret: 'stranger-secret', isUnverified: true },
  hostile: { name: '<script>alert(1)</script> & <b>Sons</b>', kind: 'confidential', secret: 'hostile-secret' },
  remote: {
    name: 'Remote Desk',
    kind: 'confidential',
    secret: 'remote-secret',
    redirect: 'https://desk.example/callback',
  },
  phone: { name: 'Pocket Notes', kind: 'native', redirect: 'com.example.pocket:/callback' },
};

// Where a client's responses go to.
export function redirectOf(id, origin) {
  return clients[id].redirect ?? `${origin}/${id}/callback`;
}

export const scopes = { 'notes:read': 'Read your notes', 'notes:write': 'Write and change your notes' };
export const api = { id: 'notes-api', name: 'Notes', secret: 'notes-api-secret' };
