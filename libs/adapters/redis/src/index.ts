export { joinRedisBoard, type RedisBoardOptions } from './redis-board.ts';
