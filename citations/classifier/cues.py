"""Phrases that tell what a citation is for: groups of them, found by looking up the words of a sentence.

Each phrase has one to three words, lower-cased, as `features.words` cuts them. They are general phrases of scholarly
English, written down for this purpose. Those of the first three groups bear on a role that may be suggested; those of
data, extension and dispute only say that a person should look (see `docs/classifier.md`).
"""

from __future__ import annotations

from enum import StrEnum


class Cue(StrEnum):
    """What a phrase speaks for."""

    METHOD = "method"
    COMPARISON = "comparison"
    BACKGROUND = "background"
    DATA = "data"
    EXTENSION = "extension"
    DISPUTE = "dispute"


# The groups that only order the queue: at this size no classifier tells them well enough to suggest a role.
ORDERING = frozenset({Cue.DATA, Cue.EXTENSION, Cue.DISPUTE})

_METHOD = """
we used|we use|we utilized|we utilised|we employed|we employ|we applied|we apply|we adopted|we adopt|we adapted
we followed|we follow|we implemented|we implement|we calculated|we computed|we performed|we estimated|we measured
we trained|we train|we fine-tune|we fine-tuned|we evaluate on|we ran|we run|we conducted|we chose|we selected
we analyzed|we analysed|we obtained|we initialize|we initialise|we optimize|we optimise|build on top|i used|i use
was used|were used|was used to|were used to|is used to|are used to|was used for|were used for|used for|used to
using the|using a|using an|by using|with the use|by means of|was applied|were applied|was employed|were employed
was adopted|was calculated|were calculated|was computed|were computed|was estimated|were estimated|was measured
were measured|was assessed|were assessed|was evaluated|was determined|were determined|was performed|were performed
was conducted|were conducted|was carried out|were carried out|carried out|was implemented|were implemented
was analyzed|were analyzed|was analysed|were analysed|was quantified|were quantified|was prepared|were prepared
was purified|were purified|was isolated|were isolated|was extracted|were extracted|was synthesized|were synthesized
was generated|were generated|was constructed|were constructed|was obtained by|were obtained by|was normalized
were normalized|was aligned|were aligned|were mapped|were processed|was processed|were collected|were selected
were scored|was scored|were defined|was defined as|were classified|were stained|were cultured|were grown
were recorded|was recorded|as described|as previously described|as described in|as described by
as described previously|described previously|described elsewhere|previously described|described by|described in
as detailed in|as outlined|as proposed by|as in|according to|according to the|in accordance with|following the
following the method|following the procedure|by the method|the method of|the method described|method described
the procedure of|the procedure described|procedure described|protocol|protocols|the protocol|procedure
the algorithm of|the approach of|the technique of|modified from|adapted from|with minor modifications
with modifications|with slight modifications|software|software package|package|packages|the package|toolkit|toolbox
library|implementation of|implemented in|program|script|pipeline|software version|version|default parameters
default settings|hyperparameters|the framework of|kit|assay|questionnaire|scale|inventory|optimizer|tokenizer|parser
tagger|pre-trained|pretrained|fine-tuned
"""

_COMPARISON = """
consistent with|is consistent with|are consistent with|inconsistent with|in agreement with|agreement with
in line with|in accordance with|in accord with|in keeping with|in concordance with|in contrast to|in contrast with
contrast to|contrary to|by contrast|in contrast|agrees with|agree with|agree well with|in good agreement|similar to
are similar to|is similar to|similar results|similar findings|similarly to|comparable to|comparable with|compared to
compared with|in comparison to|in comparison with|compare with|compare to|we compare|we compared|compared our
compare our|comparison with|comparison to|comparison between|outperform|outperforms|outperformed|better than
worse than|higher than|lower than|greater than|smaller than|larger than|faster than|superior to|inferior to
state-of-the-art|baseline|baselines|as baseline|as a baseline|as baselines|our results|our findings|our result
our finding|our study|our data|our observation|our observations|these results|these findings|this finding
this result|present findings|present results|present study|the present|confirm|confirms|confirmed|confirming
corroborate|corroborates|corroborated|support the|supports the|supporting the|in support of|support previous
extends previous|reported by|found by|observed by|obtained by|those of|that of|those reported|that reported
those obtained|those found|those observed|than those|than that|as reported by|as reported|also reported|also found
also observed|previously reported|previous reports|previous findings|previous results|earlier findings
earlier reports|other studies|another study|in our study|in this study|in our|unlike|whereas|differs from
differ from|different from|similarly|likewise|findings of|results of|the results of|the findings of|same as
accords with|in our case|contradict|contradicts|contradictory|discrepancy|conflict with|conflicting|at odds with
resembles
"""

_BACKGROUND = """
has been shown|have been shown|has been reported|have been reported|has been suggested|have been suggested
has been demonstrated|have been demonstrated|has been proposed|have been proposed|has been studied|have been studied
have been developed|has been developed|have been used|has been used|has been widely|have been widely|has been found
have been found|has been associated|have been associated|has been implicated|have been implicated
have been identified|has been identified|has been linked|has been described|have been described|has been observed
have been observed|have been made|has been applied|have been applied|has received|is known|are known|is known to
are known to|it is known|well known|well-known|is well established|it has been|there is evidence|there is|there are
is associated with|are associated with|is thought to|are thought to|is believed to|is considered|are considered
is one of|one of the|is defined as|is characterized by|plays a|play a|plays an|play an|play important|plays a role
such as|e.g|for example|for instance|including|for review|for a review|reviewed in|see|recent studies
several studies|many studies|previous studies|numerous studies|studies have|studies have shown|researchers have
authors have|recently|in recent years|over the past|widely used|commonly used|increasingly|important|may be|may also
might be|can be|could be|suggest that|suggests that|suggested that|suggesting that|showed that|shows that|shown that
demonstrated that|reported that|found that|argued that|argues that|proposed by|proposed a|introduced by
introduced in|was proposed|were proposed|was introduced|first proposed|developed by|propose|proposes|is a|are a
is an|because|due to|leads to|lead to|future work|in the future|inspired by|motivated by
"""

_DATA = """
dataset|datasets|data set|data sets|corpus|corpora|benchmark|benchmarks|treebank|database|databases|data from
data of|the data from|downloaded from|obtained from|retrieved from|available at|publicly available|taken from
annotated|test set|training set|training data|test data|evaluation data|trained on|train on|evaluate on|evaluated on
experiments on
"""

_EXTENSION = """
extend|extends|extended|extending|an extension of|extension of|builds on|build on|building on|built on|build upon
builds upon|built upon|building upon|generalize|generalizes|generalise|generalization of|improve upon|improves upon
improvement of|a variant of|variant of|a modification of|modification of|modified version|modified version of
enhanced version|starting from|go beyond|goes beyond|refine|refines|our previous work
"""

_DISPUTE = """
contradict|contradicts|contradicted|contradictory|contrary to|in contrast to|in contrast with|inconsistent with
at odds with|conflict with|conflicts with|conflicting|disagree|disagrees|disagree with|discrepancy|discrepancies
fail to|fails to|failed to|could not reproduce|not replicate|failed to replicate|not confirm|did not find|not found
challenge|challenges|challenged|questioned|refute|refutes|refuted|unlike|incorrect|incorrectly|criticized|criticised
flawed|does not hold|overestimate|overestimates|overestimated|underestimate|underestimates|misleading|not supported
"""


def _phrases() -> dict[str, tuple[Cue, ...]]:
    """Each phrase with its groups."""
    groups = {
        Cue.METHOD: _METHOD,
        Cue.COMPARISON: _COMPARISON,
        Cue.BACKGROUND: _BACKGROUND,
        Cue.DATA: _DATA,
        Cue.EXTENSION: _EXTENSION,
        Cue.DISPUTE: _DISPUTE,
    }
    found: dict[str, tuple[Cue, ...]] = {}
    for cue, block in groups.items():
        for phrase in block.replace("\n", "|").split("|"):
            if phrase and cue not in found.get(phrase, ()):
                found[phrase] = (*found.get(phrase, ()), cue)
    return found


PHRASES: dict[str, tuple[Cue, ...]] = _phrases()
