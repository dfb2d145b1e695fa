"""What commands do, a module each, named as the command: know, plan, carry out."""
