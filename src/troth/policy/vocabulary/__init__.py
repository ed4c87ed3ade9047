"""The terms that rules may use: the keys of fideslang and the company's own below them."""

from troth.policy.vocabulary.terms import VOCABULARY, Terms, lineage, standard_terms

__all__ = ["VOCABULARY", "Terms", "lineage", "standard_terms"]
