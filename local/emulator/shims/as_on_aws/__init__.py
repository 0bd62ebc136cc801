"""What ministack does otherwise than AWS: each module mends one difference."""
