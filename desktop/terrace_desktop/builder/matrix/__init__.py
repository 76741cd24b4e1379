"""Pictures of covariance matrices."""
