// The engine as one header: include it in one source of a program that launches kernels with twin_launch, instead of
// linking engine.so.
#pragma once
#include "../../engine/arithmetic.cpp"
#include "../../engine/cache.cpp"
#include "../../engine/check.cpp"
#include "../../engine/convert.cpp"
#include "../../engine/cube.cpp"
#include "../../engine/execute.cpp"
#include "../../engine/launch.cpp"
#include "../../engine/move.cpp"
#include "../../engine/order.cpp"
#include "../../engine/race.cpp"
#include "../../engine/reduce.cpp"
#include "../../engine/regions.cpp"
#include "../../engine/rules.cpp"
#include "../../engine/scheduler.cpp"
#include "../../engine/shadow.cpp"
#include "../../engine/sync.cpp"
