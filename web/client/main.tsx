/** Where the page begins. */
import { render } from 'preact';
import { App } from './app.tsx';
import { startClock } from './now.ts';
import { askWhoIAm } from './session.ts';
import { startStream } from './stream.ts';
import { startAsking } from './supervisor.ts';

const root = document.getElementById('app') ?? document.body.appendChild(document.createElement('div'));
root.id = 'app';
root.replaceChildren();
render(<App />, root);
void askWhoIAm();
startClock();
startStream();
startAsking();
