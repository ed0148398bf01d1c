/** A field with its name above, a hint below, and in place of the hint what is wrong with it. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { Icon } from './icon.tsx';

/** What the input inside must carry, so that its mistake is heard. */
export interface FieldProps {
  id: string;
  'aria-describedby': string;
  'aria-invalid': boolean;
}

interface Props {
  name: string;
  hint?: string | undefined;
  mistake?: string | undefined;
  /** No mistake, but likely not meant. */
  warning?: string | undefined;
  extra?: ComponentChildren;
  children(props: FieldProps): ComponentChildren;
}

export function Field({ name, hint, mistake, warning, extra, children }: Props) {
  const id = useId();
  const told = `${id}-told`;
  return (
    <div class="field">
      <div class="field-head">
        <label class="field-name" for={id}>
          {name}
        </label>
        {extra}
      </div>
      {children({ id, 'aria-describedby': told, 'aria-invalid': mistake !== undefined })}
      <Told id={told} mistake={mistake} warning={warning} hint={hint} />
    </div>
  );
}

/** Also for a group of fields, which a label cannot name. */
export function Told({ id, mistake, warning, hint }: Pick<Props, 'mistake' | 'warning' | 'hint'> & { id: string }) {
  const kind = mistake !== undefined ? 'mistake' : warning !== undefined ? 'warning' : undefined;
  return (
    <small id={id} class={kind} role={kind === 'warning' ? 'status' : undefined}>
      {kind && <Icon name={kind === 'mistake' ? 'error' : 'warning'} />}
      <span>{mistake ?? warning ?? hint}</span>
    </small>
  );
}
