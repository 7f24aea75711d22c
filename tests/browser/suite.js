// Every story, in one process: one browser and one server serve them all.

import './login.test.js';
import './consent.test.js';
import './connected_apps.test.js';
import './again.test.js';
import './tabs.test.js';
import './form_post.test.js';
import './errors.test.js';
import './keyboard.test.js';
import './security.test.js';
import './tls.test.js';
import './pages.test.js';
