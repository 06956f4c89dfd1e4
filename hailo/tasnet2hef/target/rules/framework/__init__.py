"""What every rule is made of: findings, evidence, the context it judges and how rules are found."""
