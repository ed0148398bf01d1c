/** Who the reader is taken for, where that limits what can be done or can be ended: a mark, and the way in or out. */
import { say } from '../language.ts';
import { loginHref } from '../router.ts';
import { maySignOut, readOnly, signOut } from '../session.ts';
import { Icon } from './icon.tsx';

export function Who() {
  if (!readOnly.value && !maySignOut.value) return null;
  const words = say().look;
  return (
    <div class="who">
      {readOnly.value && <ReadOnly />}
      {maySignOut.value && (
        <button type="button" class="quiet" onClick={() => void signOut()}>
          <Icon name="signOut" />
          {words.signOut}
        </button>
      )}
    </div>
  );
}

function ReadOnly() {
  const words = say().look;
  return (
    <>
      <span class="word quiet" title={words.readOnlyText}>
        <Icon name="lock" />
        {words.readOnly}
      </span>
      <a class="sign-in" href={loginHref()}>
        {words.signIn}
      </a>
    </>
  );
}
