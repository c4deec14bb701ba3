module k8s.io/sabotage

go 1.26.0
