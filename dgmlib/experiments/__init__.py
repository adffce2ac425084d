"""Samplers put to work on targets with known answers: what the pages on sampling show.

On the line, beside exact errors:

line_proposal    what is proposed from          line_variance   exact variances, infinite ones too
line_walk        Metropolis, and its exact error
line_race        every method on one budget
line_rejection, line_importance, line_chain, line_inverse       each of them watched

In the plane:

arena            targets and starts             by_name         seven samplers, one step length
laboratory       two chains, recorded           checkup         four chains and their diagnostics
discretised      a chain's exact matrix, beside running chains
spot_the_bug     puzzles of a wrong sampler     suspects        who is behind their letters
"""
