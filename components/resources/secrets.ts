import type { Application } from "@pulumi/azuread/application";
import { ApplicationPassword } from "@pulumi/azuread/applicationPassword";
import * as pulumi from "@pulumi/pulumi";
import { clock } from "../clock";
import type { PrincipalDetails, SecretInfo } from "../details";
import { refuseWrongClock } from "../look-ups/login-time";
import { readRecordedState } from "../look-ups/state";
import { fingerprintOf } from "../plan/fingerprint";
import { secretDisplayName } from "../plan/ownership";
import {
  DAY_MS,
  planSecrets,
  type PlannedSecret,
  type RecordedSecret,
  type SecretPlan,
  type SecretSchedule,
} from "../plan/secret-schedule";
import { checked, warn } from "../report";
import type { Context } from "./context";
import { REPLACEABLE } from "./revocation-guard";

/** As many as two rotations replace: whoever still has an older one has ignored both. */
const MOST_FORMER_SECRETS = 4;

/** The secrets that exist, the current one first. */
interface DeclaredSecrets {
  since: string;
  plan: SecretPlan;
  secrets: { planned: PlannedSecret; resource: ApplicationPassword }[];
}

/** What the secrets of a principal give to the rest of the component. */
export interface Secrets {
  resources: pulumi.Output<readonly ApplicationPassword[]>;
  /** The current secret's text. */
  value: pulumi.Output<string>;
  /** The plan of the current secret. */
  current: pulumi.Output<PlannedSecret>;
  details: {
    secretsSince: pulumi.Output<string>;
    secrets: pulumi.Output<SecretInfo[]>;
    formerSecrets: pulumi.Output<PrincipalDetails["formerSecrets"]>;
    nextRenewal: pulumi.Output<string>;
  };
}

/**
 * The secrets of the current period and, if it was handed out, of the one before. The secrets in the state are the record
 * of the periods that have begun: nothing else remembers them, so nothing can contradict them.
 *
 * Never `deletedWith`: a deleted application can be restored for 30 days, and must not come back with a secret.
 */
export function createSecrets(context: Context, application: Application): Secrets | undefined {
  if (!context.plan.schedule) return undefined;
  const declared = declareSecrets(context, context.plan.schedule, application);
  return {
    resources: declared.apply(({ secrets }) =>
      secrets.map(({ resource }) => resource),
    ) as unknown as pulumi.Output<readonly ApplicationPassword[]>,
    value: pulumi.secret(findValue(declared)),
    current: declared.apply(({ secrets }) => secrets[0]!.planned),
    details: describeSecrets(context, declared),
  };
}

function declareSecrets(
  context: Context,
  schedule: SecretSchedule,
  application: Application,
): pulumi.Output<DeclaredSecrets> {
  const { component, firstDay, instanceId } = context;
  const now = clock.now();
  const recorded = pulumi.output(checked(readSecrets(component, instanceId), component));
  return pulumi.all([firstDay, recorded]).apply(async ([since, secrets]) => {
    const plan = planSecrets(schedule, since, now, secrets);
    if (plan.begins) await checked(refuseWrongClock(component, plan.time), component);
    warnIfBehind(component, now, plan.time);
    const planned = [plan.current, ...(plan.previous ? [plan.previous] : [])];
    return {
      since,
      plan,
      secrets: planned.map((one) => ({
        planned: one,
        resource: declareSecret(context, application, one),
      })) as unknown as DeclaredSecrets["secrets"],
    };
  });
}

function declareSecret(
  { component, name, instanceId }: Context,
  application: Application,
  { slot, endDate, rotateWhenChanged }: PlannedSecret,
): ApplicationPassword {
  return new ApplicationPassword(
    `${name}-secret-${slot}`,
    {
      applicationId: application.id,
      displayName: instanceId.apply((id) => secretDisplayName(id, slot)),
      endDate,
      // The instance too: a new one makes every secret anew, so what the state holds of an old one proves nothing.
      rotateWhenChanged: { ...rotateWhenChanged, instance: instanceId },
    },
    { ...REPLACEABLE, parent: component },
  );
}

/** The secrets of this instance in the state. */
async function readSecrets(
  component: pulumi.Resource,
  instanceId: pulumi.Output<string>,
): Promise<RecordedSecret[]> {
  const state = await readRecordedState(component, instanceId);
  if (state === undefined) return [];
  return [...state.resources].flatMap(([suffix, { rotateWhenChanged }]) => {
    const made = rotateWhenChanged as (RecordedSecret & { instance?: string }) | undefined;
    return /^secret-[ab]$/.test(suffix) && made?.instance === state.instanceId ? [made] : [];
  });
}

/** Warns of a clock that is behind what the state proves by more than a day: by less, it is only another machine's. */
function warnIfBehind(component: pulumi.Resource, now: Date, time: Date): void {
  if (time.getTime() - now.getTime() <= DAY_MS) return;
  warn(
    component,
    `This machine's clock says ${now.toISOString()}, but a secret in the state was made for the period that began at ${time.toISOString()}. The secrets stay as they are. Set the clock of this machine; if that secret was made with a clock that was ahead, raise secretGeneration by one after its period has begun.`,
  );
}

function describeSecrets(context: Context, declared: pulumi.Output<DeclaredSecrets>): Secrets["details"] {
  const found = findSecrets(declared);
  const secrets = found.apply((all) =>
    pulumi.all(
      all.map(({ planned: { slot, startDate: starts, endDate: ends }, keyId, resource }, i) => {
        const info = { slot, keyId, starts, ends, current: i === 0 };
        // The mark is no secret. An imported secret has no text.
        return pulumi
          .unsecret(resource.value)
          .apply((text) => (text ? { ...info, fingerprint: fingerprintOf(text, keyId) } : info));
      }),
    ),
  );
  const nextRenewal = declared.apply(({ plan }) =>
    found.apply(([current]) => {
      const isRenewed = current?.planned.startDate === plan.current.startDate;
      return (isRenewed ? plan.nextRenewal : new Date(plan.current.startDate)).toISOString();
    }),
  );
  return {
    secretsSince: declared.apply(({ since }) => since),
    secrets,
    formerSecrets: findFormerSecrets(context, secrets),
    nextRenewal,
  };
}

/** By which a password can be recognised that an earlier run handed out. */
function findFormerSecrets(
  { component, instanceId }: Context,
  secrets: pulumi.Output<SecretInfo[]>,
): Secrets["details"]["formerSecrets"] {
  return pulumi.all([readRecordedState(component, instanceId), secrets]).apply(([recorded, present]) => {
    const { secrets: last = [], formerSecrets = [] } = recorded?.details ?? {};
    const former = [...last, ...formerSecrets].flatMap(({ keyId, fingerprint }) =>
      fingerprint === undefined || present.some((secret) => secret.keyId === keyId)
        ? []
        : [{ keyId, fingerprint }],
    );
    return former.length === 0 ? undefined : former.slice(0, MOST_FORMER_SECRETS);
  });
}

function findValue(declared: pulumi.Output<DeclaredSecrets>): pulumi.Output<string> {
  // None where `--target` left out every secret.
  const NONE = undefined as unknown as pulumi.Output<string>;
  return findSecrets(declared).apply(([current]) => current?.resource.value ?? NONE);
}

/** The secrets that exist, the current one first: with `--target` the engine may leave out the one that is due. */
function findSecrets(declared: pulumi.Output<DeclaredSecrets>) {
  return declared.apply(({ secrets }) =>
    pulumi
      .all(secrets.map(({ resource }) => resource.keyId as pulumi.Output<string | undefined>))
      .apply((keyIds) =>
        secrets.flatMap(({ planned, resource }, i) => {
          const keyId = keyIds[i];
          return keyId === undefined ? [] : [{ planned, keyId, resource }];
        }),
      ),
  );
}
