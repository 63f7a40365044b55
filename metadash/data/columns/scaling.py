"""scikit-learn's steps that columns of several kinds go through; apart, so that a server that only names kinds need not load it."""

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer


class SignedLogWhereSkewed(TransformerMixin, BaseEstimator):
    """sign(x)·log(1+|x|) for columns whose training values have a skewness above 2, unchanged otherwise."""

    def fit(self, values: np.ndarray, y: None = None) -> "SignedLogWhereSkewed":
        centred = values - np.nanmean(values, axis=0)
        spread = np.nanstd(values, axis=0)
        self.skewed_ = np.nanmean(centred**3, axis=0) > 2 * np.maximum(spread, 1e-12) ** 3
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        return np.where(self.skewed_, np.sign(values) * np.log1p(np.abs(values)), values)


class Clip(TransformerMixin, BaseEstimator):
    """Nothing beyond 5 scaled units: a test class may lie far outside what the training classes showed."""

    def fit(self, values: np.ndarray, y: None = None) -> "Clip":
        self.fitted_ = True
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        return np.clip(values, -5, 5)


class Words(CountVectorizer):
    """One feature a word of the training rows; none at all where these have no word, which scikit-learn refuses."""

    def fit(self, documents: np.ndarray, y: None = None) -> "Words":
        words = self.build_analyzer()
        self.speechless_ = not any(words(document) for document in documents)
        return self if self.speechless_ else super().fit(documents)

    def transform(self, documents: np.ndarray) -> csr_matrix:
        return csr_matrix((len(documents), 0)) if self.speechless_ else super().transform(documents)

    def get_feature_names_out(self, input_features: None = None) -> np.ndarray:
        return np.array([], dtype=object) if self.speechless_ else super().get_feature_names_out(input_features)
