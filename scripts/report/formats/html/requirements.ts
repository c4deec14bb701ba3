import { grouped } from '../../../../clusters/text/collections.ts';
import { duration } from '../../../../clusters/text/duration.ts';
import { html, type Markup } from '../../../../clusters/text/markup.ts';
import { countsInWords, outcomeWords, subjectNames, subjectsOf } from '../../model/counts.ts';
import type { LocalVolumeConformanceReport, ReportedRequirement } from '../../model/report.ts';
import { knownIssueLine } from '../../model/requirements.ts';
import { evidenceList, type Material } from './evidence-list.ts';
import { excerptOf } from './inline.ts';
import { facts, resultMark, sourceLink } from './words.ts';

const longestReason = 2_000;

/** Returns every requirement with what is known of it, under its chapter, behind a filter. */
export function requirementsSection(report: LocalVolumeConformanceReport, material: Material): Markup {
  const { requirements } = report;
  const chapters = grouped(requirements, ({ chapter }) => chapter);
  return html`<section id="requirements" aria-labelledby="requirements-title">
<h2 id="requirements-title">Requirements</h2>
${
  requirements.length === 0
    ? html`<p class="lead">None gave a result.</p>`
    : html`<p class="lead">Each promise, and whether this run could show it.</p>
${filter(requirements)}
<p id="none" hidden>No requirement fits the filter.</p>
${[...chapters].map(
  ([name, entries]) => html`<section class="chapter" id="chapter-${name}" aria-labelledby="title-${name}">
<h3 id="title-${name}">${name}</h3>
<ul class="requirements">${entries.map((requirement) => entry(requirement, material))}</ul>
</section>`,
)}`
}
</section>`;
}

function entry(requirement: ReportedRequirement, material: Material): Markup {
  const { id, result, level, subject, chapter, sentence, features, needs = [], repetitions } = requirement;
  const ran = result !== 'skipped' && result !== 'notApplicable';
  const issue = knownIssueLine(requirement);
  const reason = requirement.reason === undefined ? undefined : excerptOf(requirement.reason, longestReason).text;
  return html`<li class="requirement" id="${id}" data-result="${result}" data-level="${level}" data-subject="${subject}" data-chapter="${chapter}">
<details><summary>${resultMark(result)}<span class="id" data-search>${id}</span> <span class="sentence" data-search>${sentence}</span> <span class="aside">${level === 'core' ? 'core' : 'ext.'} · ${ran && result !== 'knownIssue' ? duration(requirement.milliseconds) : outcomeWords[result]}</span></summary>
<div class="body">${facts([
    ['result', resultMark(result, true)],
    ['reason', reason],
    ['known issue', issue],
    ['level', level],
    ['promise of', subjectNames[subject]],
    ['promised in', sourceLink(requirement.source)],
    ['fails if', requirement.failsIf],
    ['asks for', needs.join(', ')],
    ['features', features.length > 0 && html`<span data-search>${features.join(', ')}</span>`],
    ['duration', ran && duration(requirement.milliseconds)],
    ['slow because', requirement.slowBecause],
    ['repetitions', repetitions && countsInWords(repetitions)],
    [
      'spec',
      html`<code>${requirement.line === undefined ? requirement.file : `${requirement.file}:${requirement.line}`}</code>`,
    ],
  ])}${
    result === 'failed'
      ? html`<p><a href="#failure-${id}">Message, diagnosis and evidence of the failure</a></p>`
      : requirement.evidence.length > 0 &&
        html`<div><h4>Evidence</h4>${evidenceList(requirement.evidence, 'evidence', material)}</div>`
  }</div></details></li>`;
}

function filter(requirements: readonly ReportedRequirement[]): Markup {
  const count = (fits: (requirement: ReportedRequirement) => boolean) => requirements.filter(fits).length;
  const results = (['failed', 'knownIssue', 'skipped', 'passed', 'notApplicable'] as const)
    .map((name): Choice => [name, outcomeWords[name], count(({ result }) => result === name)])
    .filter(([name, , many]) => (name !== 'notApplicable' && name !== 'knownIssue') || many !== 0);
  const levels = (['core', 'extended'] as const).map((name): Choice => {
    return [name, name, count(({ level }) => level === name)];
  });
  const subjects = subjectsOf(requirements).map(({ name }): Choice => {
    return [name, subjectNames[name], count(({ subject }) => subject === name)];
  });
  const chapters = [...new Set(requirements.map(({ chapter }) => chapter))];
  return html`<form class="filter" role="search" aria-label="Filter the requirements" hidden>
<div class="search"><label for="q">Id, sentence or feature <span class="quiet">(press /)</span></label><input type="search" id="q" name="q" autocomplete="off" spellcheck="false"></div>
${choice('result', 'Result', [['', 'all'], ...results])}
${choice('level', 'Level', [['', 'all'], ...levels])}
${subjects.length > 1 && choice('subject', 'Promise of', [['', 'all'], ...subjects])}
<div><label for="chapter">Chapter</label><select id="chapter" name="chapter"><option value="">all</option>${chapters.map(
    (name) => html`<option value="${name}">${name} (${count(({ chapter }) => chapter === name)})</option>`,
  )}</select></div>
<p class="shown"><span id="shown" role="status" aria-live="polite"></span><button type="button" id="show-all" hidden>Show all</button></p>
</form>`;
}

type Choice = readonly [value: string, word: string, count?: number];

function choice(name: string, legend: string, values: readonly Choice[]): Markup {
  return html`<fieldset><legend>${legend}</legend><div class="choice">${values.map(
    ([value, word, count]) =>
      html`<label><input type="radio" name="${name}" value="${value}"${value === '' && html` checked`}><span>${word} ${count}</span></label>`,
  )}</div></fieldset>`;
}
